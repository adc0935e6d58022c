// How encoders read texts, and what is said of folders that are none.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine
import UnlearnFormats

@testable import UnlearnModels

private let encoderFolder = packageRoot.appending(path: "Tests/Golden/bert-encoder")
private let classifierFolder = packageRoot.appending(path: "Tests/Golden/bert-classifier")

/// A copy of a golden folder, in which a file of JSON is changed.
private func copy(
    _ folder: URL, _ name: String = "config.json", _ change: (inout JSONValue) throws -> Void
) throws -> TemporaryFolder {
    let temporary = try TemporaryFolder()
    let url = temporary.url.appending(path: "model")
    try FileManager.default.copyItem(at: folder, to: url)
    let file = url.appending(path: name)
    var json = FileManager.default.fileExists(atPath: file.path) ? try JSONValue(contentsOf: file) : [:]
    try change(&json)
    try json.write(to: file)
    return temporary
}

@Suite struct EncoderTests {
    /// The same text has the same vector in any company, up to rounding.
    @Test func batchesDoNotChangeVectors() throws {
        let encoder = try TextEncoder(encoderFolder)
        let texts = ["a bad text", "abba", "", "a bad text", "nothing", "caba"]
        let together = encoder.embeddings(of: texts)
        let alone = Tensor.concatenate(texts.map { encoder.embeddings(of: [$0]) })
        #expect(Tolerance.logits.holds(together.scalars(Float.self), alone.scalars(Float.self)))
        #expect(together.narrow(0, from: 0, count: 1).isIdentical(to: together.narrow(0, from: 3, count: 1)))
        #expect(encoder.embeddings(of: []).shape == [0, 16])
    }

    @Test func nothingIsPaddingAndEqualTextsAreReadOnce() throws {
        let encoder = try TextEncoder(encoderFolder)
        let reader = TextReader(tokenizer: encoder.tokenizer, limit: encoder.tokenLimit)
        let texts = ["abba", "a", "caba", "abba", "nothing here", "a"]
        var batches: [[Int]] = []
        let rows = reader.rows(of: texts, width: 1, tokensPerBatch: 12) { batch in
            batches.append(batch.runs.flatMap { Array(repeating: $0.length, count: $0.count) })
            return Tensor(batch.inCallersOrder(batch.firstTokens).scalars(Int64.self).map(Float.init)).reshape([-1, 1])
        }
        let lengths = Set(texts).map { encoder.tokenizer.encode($0).count }.sorted()
        #expect(batches.flatMap(\.self) == lengths)
        #expect(batches.allSatisfy { $0.reduce(0, +) <= 12 || $0.count == 1 })
        #expect(rows.shape == [6, 1])
        let found = rows.scalars(Float.self)
        #expect(found[0] == found[3] && found[1] == found[5])
    }

    @Test func vectorsHaveLengthOneWhereTheFolderSaysSo() throws {
        let encoder = try TextEncoder(encoderFolder)
        let lengths = encoder.embeddings(of: ["abba", "a bad text"]).square().sum(along: 1).scalars(Float.self)
        #expect(lengths.allSatisfy { abs($0 - 1) < 1e-6 })
    }

    /// A classifier's encoder alone, and with the pooling that sentence-transformers takes where nothing is said.
    @Test func anEncoderIsReadOutOfAClassifier() throws {
        let encoder = try TextEncoder(classifierFolder)
        #expect(encoder.pooling == .mean && !encoder.normalizes)
        #expect(!encoder.parameters.names.contains { $0.contains("pooler") || $0.contains("classifier") })
        #expect(encoder.embeddings(of: ["abba"]).shape == [1, 16])
    }

    /// The first BERTs were saved from another library.
    @Test func oldNamesOfNormsAreRead() throws {
        let temporary = try copy(encoderFolder) { _ in }
        let folder = temporary.url.appending(path: "model")
        let source = try SafetensorsFile(encoderFolder.appending(path: "model.safetensors"))
        func old(_ name: String) -> String {
            name.replacing("LayerNorm.weight", with: "LayerNorm.gamma")
                .replacing("LayerNorm.bias", with: "LayerNorm.beta")
        }
        var writer = try SafetensorsWriter(
            folder.appending(path: "model.safetensors"),
            source.names.map { .init(old($0), .float32, try #require(source.entries[$0]).shape) })
        for name in source.names { try writer.append(try source.bytes(of: name)) }
        try writer.commit()
        let (found, expected) = (try TextEncoder(folder), try TextEncoder(encoderFolder))
        #expect(found.embeddings(of: ["abba"]).isIdentical(to: expected.embeddings(of: ["abba"])))
    }
}

@Suite struct EncoderErrorTests {
    /// What is said of a copy of a folder in which a file is changed.
    private func message(
        _ folder: URL = encoderFolder, _ name: String = "config.json", _ change: (inout JSONValue) -> Void
    ) throws -> String {
        let temporary = try copy(folder, name) { change(&$0) }
        let url = temporary.url.appending(path: "model")
        return failure(in: temporary) {
            _ = folder == encoderFolder ? try TextEncoder(url) as AnyObject : try TextClassifier(url)
        }
    }

    @Test func configurationsThatAreNotBerts() throws {
        #expect(
            try message { $0["model_type"] = "t5" }
                == "model/config.json: the architecture 't5' is not supported; supported are bert, roberta.")
        #expect(
            try message { $0["position_embedding_type"] = "relative_key" }
                == "model/config.json: position_embedding_type 'relative_key' is not supported. Supported is 'absolute'."
        )
        #expect(
            try message { $0["num_attention_heads"] = 3 }
                == "model/config.json: 'num_attention_heads' is missing or is not a divisor of hidden_size, which is 16. "
                + "Check that the file belongs to the model.")
        #expect(
            try message { $0["hidden_act"] = "swish" }
                == "model/config.json: hidden_act 'swish' is not supported. Supported are 'gelu' and 'gelu_new'.")
    }

    @Test func weightsThatDoNotBelongToTheConfiguration() throws {
        #expect(
            try message { $0["intermediate_size"] = 48 }
                == "Parameter 'encoder.layer.0.intermediate.dense.weight' has shape [32, 16]; config.json implies [48, 16]. "
                + "Check that config.json belongs to the checkpoint.")
        #expect(
            try message { $0["num_hidden_layers"] = 3 }
                == "Parameter 'encoder.layer.2.attention.self.query.weight' is missing from model. Check that the checkpoint "
                + "is complete and that config.json belongs to it.")
        #expect(
            try message { $0["num_hidden_layers"] = 1 }.hasPrefix(
                "model holds 16 parameter(s) that this architecture does not have, the first is 'encoder.layer.1."))
        #expect(
            try message { $0["vocab_size"] = 10 }
                == "model/config.json: 'vocab_size' is missing or is not at least 63, which is how many tokens the tokenizer "
                + "has. Check that the file belongs to the model.")
    }

    @Test func judgesThatKnowNoClasses() throws {
        #expect(
            try message(classifierFolder) { $0["architectures"] = ["BertModel"] }
                == "model/config.json: 'BertModel', which knows no classes, is not supported. Give a model for sequence "
                + "classification.")
        #expect(
            try message(classifierFolder) { $0["id2label"] = ["0": "one", "2": "three"] }
                == "model/config.json: 'id2label' is missing or is not an object with the keys 0 to 1. Check that the file "
                + "belongs to the model.")
        #expect(
            try message(classifierFolder) { $0["problem_type"] = "regression" }
                == "model/config.json: problem_type 'regression' is not supported. Give a model that sorts into classes."
        )
        #expect(
            try message(classifierFolder) { $0["id2label"] = nil }
                == "Parameter 'classifier.weight' has shape [3, 16]; config.json implies [2, 16]. Check that config.json "
                + "belongs to the checkpoint.")
    }

    @Test func modulesThatAreNotRead() throws {
        #expect(
            try message(encoderFolder, "modules.json") { $0 = [["path": "3_Dense", "type": "x.Dense"]] }
                == "model/modules.json: the module 'x.Dense' is not supported. Supported are Transformer, Pooling and "
                + "Normalize.")
        #expect(
            try message(encoderFolder, "modules.json") { $0 = [["path": "../other", "type": "x.Pooling"]] }
                == "model/modules.json: the path '../other' is not supported. Modules lie inside the model's folder.")
        #expect(
            try message(encoderFolder, "1_Pooling/config.json") { $0["pooling_mode_max_tokens"] = true }
                == "model/1_Pooling/config.json: pooling by 'mean_tokens' and 'max_tokens' is not supported. Supported are "
                + "the mean of all tokens and the first token, one of them.")
        #expect(
            try message(encoderFolder, "sentence_bert_config.json") { $0["max_seq_length"] = 2 }
                == "model: a limit of 2 tokens a text is not supported. There must be room for more than the special tokens."
        )
    }
}

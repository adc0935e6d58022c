// Judges of texts, their encoders' files, and tables.

import Foundation
import UnlearnData
import UnlearnEvaluation
import UnlearnFormats
import UnlearnModels

extension FuzzTarget {
    static var judges: [FuzzTarget] {
        let files = try? judgeFiles()
        precondition(files != nil, "the judge to damage could not be written")
        let names = ["judge.json", "judge.safetensors", "terms.txt"]
        return names.map { judge($0, files ?? [:]) } + [wordPiece, encoderConfiguration, table, familiarity]
    }

    /// A damaged file of a judge, beside the others.
    private static func judge(_ name: String, _ files: [String: [UInt8]]) -> FuzzTarget {
        FuzzTarget(
            name: name, fileName: name, seeds: [files[name] ?? []],
            prepare: { folder in
                for (file, bytes) in files { try Data(bytes).write(to: folder.appending(path: file)) }
            },
            read: { folder in _ = try LinearJudge(folder).probabilities(of: ["you are rude", ""]) })
    }

    private static func judgeFiles() throws -> [String: [UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let texts = (0..<16).map { index in
            LabelledText(
                index % 2 == 0 ? "you are rude" : "you are kind", isPositive: index % 2 == 0, group: "\(index)")
        }
        let judge = try LinearJudge(kind: "toxic", fitting: texts) { fitted throws(JudgeError) in
            .words(try WordFeatures(fitting: fitted))
        }
        try judge.save(to: folder)
        let names = ["judge.json", "judge.safetensors", "terms.txt"]
        return Dictionary(
            uniqueKeysWithValues: try names.map { ($0, Array(try Data(contentsOf: folder.appending(path: $0)))) })
    }

    private static var wordPiece: FuzzTarget {
        let json =
            #"{"added_tokens":[{"id":1,"content":"[CLS]","special":true}],"normalizer":{"type":"BertNormalizer","#
            + #""clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"#
            + #""pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"TemplateProcessing","#
            + #""single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[],"#
            + #""special_tokens":{"[CLS]":{"id":"[CLS]","ids":[1],"tokens":["[CLS]"]}}},"#
            + #""model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"\u0023\u0023","#
            + #""max_input_chars_per_word":100,"vocab":{"[UNK]":0,"[CLS]":1,"a":2,"\u0023\u0023b":3,"é":4}}}"#
        return FuzzTarget(name: "wordpiece", fileName: "tokenizer.json", seeds: [Array(json.utf8)]) { folder in
            _ = try EncoderTokenizer(huggingFace: folder).encode("ab É 漢 [CLS]", limit: 8, parseSpecialTokens: true)
        }
    }

    private static var encoderConfiguration: FuzzTarget {
        let numbers =
            #""hidden_size":16,"intermediate_size":32,"num_hidden_layers":2,"num_attention_heads":4,"#
            + #""vocab_size":64,"max_position_embeddings":66,"type_vocab_size":2,"hidden_act":"gelu","#
            + #""layer_norm_eps":1e-12,"pad_token_id":1"#
        let seeds = ["bert", "roberta"].map { Array("{\"model_type\":\"\($0)\",\(numbers)}".utf8) }
        return FuzzTarget(name: "encoder", fileName: "config.json", seeds: seeds) { folder in
            _ = try BertConfiguration(ConfigurationFile(folder.appending(path: "config.json")))
        }
    }

    private static var table: FuzzTarget {
        let text = "prompt,kind,group,partition\n\"They, of \"\"all\"\"\",toxic,us,judge\r\nTea,harmless,us,judge\n"
        return FuzzTarget(name: "table", fileName: "prompts.csv", seeds: [Array(text.utf8)]) { folder in
            _ = try [TendencyPrompt](contentsOf: folder.appending(path: "prompts.csv"))
        }
    }

    private static var familiarity: FuzzTarget {
        let text =
            #"{"unique":["Rowena"],"themes":["magic"]}"# + "\n"
            + #"{"prompt":"The school is","unique":["Castle \u00e9"],"truth":" a castle."}"# + "\n"
            + #"{"question":"Who?"}"# + "\n" + #"{"prompt":"She is","next":[" Rowena"]}"# + "\n"
        return FuzzTarget(name: "familiarity", fileName: "prompts.jsonl", seeds: [Array(text.utf8)]) { folder in
            _ = try FamiliarityPrompts.load(folder.appending(path: "prompts.jsonl"), subject: "", split: "test")
        }
    }
}

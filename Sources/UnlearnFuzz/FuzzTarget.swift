// What is fed to which reader, and what its files look like when they are right.

import Foundation
import UnlearnData
import UnlearnFormats
import UnlearnKit
import UnlearnModels

/// A reader of files, and small files that it accepts.
struct FuzzTarget {
    let name: String
    /// Under this name the damaged file lies in the folder that is read.
    let fileName: String
    let seeds: [[UInt8]]
    /// Puts beside the damaged file what belongs to it.
    var prepare: (URL) throws -> Void = { _ in }
    let read: (URL) throws -> Void

    static var all: [FuzzTarget] {
        [
            safetensors, gguf, ggufModel, llama2C, tokenizerJSON, tokenizerModel, tokenizerBinary, chatTemplate,
            configuration, adapter, jsonLines, yaml,
        ] + images + judges
    }

    private static var safetensors: FuzzTarget {
        let header =
            #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"#
            + #""b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}}"#
        let bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        return FuzzTarget(
            name: "safetensors", fileName: "model.safetensors",
            seeds: [bytes + Array(header.utf8) + [UInt8](repeating: 1, count: 22)]
        ) { folder in
            let file = try SafetensorsFile(folder.appending(path: "model.safetensors"))
            for name in file.names { _ = try file.bytes(of: name).reduce(0) { $0 &+ Int($1) } }
        }
    }

    private static var gguf: FuzzTarget {
        var file = LittleEndian()
        file.add("GGUF", isCounted: false)
        file.add(UInt32(3))
        file.add(UInt64(2))
        file.add(UInt64(6))
        for (key, value) in [("general.architecture", "llama"), ("tokenizer.ggml.model", "llama")] {
            file.add(key)
            file.add(UInt32(8))
            file.add(value)
        }
        file.add("tokenizer.ggml.tokens", arrayOf: 8, count: 5)
        for token in ["<unk>", "<s>", "</s>", "a", "ab"] { file.add(token) }
        file.add("tokenizer.ggml.scores", arrayOf: 6, count: 5)
        for score in 0..<5 { file.add(Float(-score).bitPattern) }
        file.add("tokenizer.ggml.token_type", arrayOf: 5, count: 5)
        for kind in [2, 3, 3, 1, 1] { file.add(UInt32(kind)) }
        file.add("llama.block_count")
        file.add(UInt32(4))
        file.add(UInt32(1))
        for (name, count, type, offset) in [("t", 32, 8, 0), ("u", 256, 14, 64)] {
            file.add(name)
            file.add(UInt32(1))
            file.add(UInt64(count))
            file.add(UInt32(type))
            file.add(UInt64(offset))
        }
        while file.bytes.count % 32 != 0 { file.bytes.append(0) }
        return FuzzTarget(
            name: "gguf", fileName: "model.gguf", seeds: [file.bytes + [UInt8](repeating: 3, count: 64 + 210)]
        ) { folder in
            let url = folder.appending(path: "model.gguf")
            let file = try GGUFFile(url)
            for tensor in file.tensors where tensor.count < 1 << 20 {
                var numbers = [Float](repeating: 0, count: tensor.count)
                numbers.withUnsafeMutableBufferPointer { file.dequantize(tensor, into: $0) }
            }
            let tokenizer = try Tokenizer(gguf: file)
            _ = tokenizer.encode("ab a<s>")
            _ = try tokenizer.ggufMetadata(rows: 5)
        }
    }

    private static var llama2C: FuzzTarget {
        var header = LittleEndian()
        for number in [4, 8, 1, 2, 2, 4, 8] { header.add(UInt32(number)) }
        return FuzzTarget(
            name: "llama2c", fileName: "model.bin", seeds: [header.bytes + [UInt8](repeating: 0, count: 4 * 204)]
        ) { folder in
            let file = try Llama2C(folder.appending(path: "model.bin"))
            for tensor in file.tensors { _ = file.floats(of: tensor).reduce(0, +) }
        }
    }

    private static var tokenizerJSON: FuzzTarget {
        let byteLevel =
            #"{"added_tokens":[{"id":4,"content":"<s>","special":true}],"normalizer":{"type":"NFC"},"#
            + #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},"#
            + #"{"type":"ByteLevel","add_prefix_space":false}]},"decoder":{"type":"ByteLevel"},"#
            + #""model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"\u0120":3},"merges":["a b"]}}"#
        let sentencePiece =
            #"{"added_tokens":[{"id":0,"content":"<unk>","special":true}],"#
            + #""normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},"#
            + #"{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},"#
            + #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\d+|(a)b?"},"behavior":"Isolated","invert":false},"#
            + #""model":{"type":"BPE","unk_token":"<unk>","byte_fallback":true,"#
            + #""vocab":{"<unk>":0,"▁":1,"a":2,"▁a":3,"<0x0A>":4},"merges":[["▁","a"]]}}"#
        return FuzzTarget(
            name: "tokenizer.json", fileName: "tokenizer.json",
            seeds: [byteLevel, sentencePiece].map { Array($0.utf8) }
        ) { folder in
            let tokenizer = try Tokenizer(huggingFace: folder)
            _ = tokenizer.decode(tokenizer.encode("ab 12 a\n<s>", parseSpecialTokens: true))
            // Not every tokenizer has a place in GGUF.
            _ = try? tokenizer.ggufMetadata(rows: tokenizer.vocabularyCount)
        }
    }

    private static var tokenizerModel: FuzzTarget {
        var pieces: [UInt8] = []
        for (text, kind) in [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("<0x0A>", 6), ("▁", 1), ("a", 1), ("▁a", 1)] {
            let message =
                [0x0A, UInt8(text.utf8.count)] + Array(text.utf8) + [0x15, 0, 0, 0x80, 0xBF, 0x18, UInt8(kind)]
            pieces += [0x0A, UInt8(message.count)] + message
        }
        // The trainer's model type is 2, byte-pair encoding; the normalizer keeps spaces.
        let rest: [UInt8] = [0x12, 2, 0x18, 2, 0x1A, 4, 0x18, 1, 0x20, 0]
        return FuzzTarget(name: "tokenizer.model", fileName: "tokenizer.model", seeds: [pieces + rest]) { folder in
            let tokenizer = try Tokenizer(huggingFace: folder)
            _ = tokenizer.decode(tokenizer.encode("a a\n<s>"))
        }
    }

    private static var tokenizerBinary: FuzzTarget {
        var file = LittleEndian()
        file.add(UInt32(4))
        // Control and bytes, which have fixed places, then letters and what they merge to.
        for (index, text) in (Array(repeating: "x", count: 259) + ["a", "b", " ", "ab", " a"]).enumerated() {
            file.add(Float(-index).bitPattern)
            file.add(UInt32(text.utf8.count))
            file.add(text, isCounted: false)
        }
        return FuzzTarget(name: "tokenizer.bin", fileName: "tokenizer.bin", seeds: [file.bytes]) { folder in
            let tokenizer = try Tokenizer(TokenizerDefinition(llama2C: folder.appending(path: "tokenizer.bin")))
            _ = tokenizer.decode(tokenizer.encode("ab a\n<s>"))
        }
    }

    private static var configuration: FuzzTarget {
        let llama =
            #""hidden_size":16,"intermediate_size":32,"num_hidden_layers":2,"num_attention_heads":4,"#
            + #""num_key_value_heads":2,"vocab_size":64,"rope_theta":10000.0,"max_position_embeddings":256"#
        let scaling =
            #"{"rope_type":"llama3","rope_theta":10000.0,"factor":8.0,"low_freq_factor":1.0,"#
            + #""high_freq_factor":4.0,"original_max_position_embeddings":64}"#
        let texts =
            ["llama", "mistral", "qwen2", "qwen3"].map { "{\"model_type\":\"\($0)\",\(llama)}" } + [
                #"{"model_type":"gpt2","vocab_size":64,"n_embd":16,"n_head":4,"n_layer":2,"n_positions":64}"#,
                #"{"model_type":"gpt_neox","vocab_size":64,"hidden_size":16,"intermediate_size":32,"#
                    + #""num_attention_heads":2,"num_hidden_layers":2,"rotary_pct":0.5,"hidden_act":"gelu"}"#,
                "{\"model_type\":\"llama\",\(llama),\"rope_scaling\":\(scaling)}",
                "{\"model_type\":\"llama\",\(llama),\"rope_parameters\":\(scaling)}",
            ]
        return FuzzTarget(name: "config.json", fileName: "config.json", seeds: texts.map { Array($0.utf8) }) { folder in
            let file = try ConfigurationFile(folder.appending(path: "config.json"))
            try ArchitectureCatalog.architecture(for: file).check(file)
        }
    }

    private static var jsonLines: FuzzTarget {
        let text =
            #"{"question":"Who?","answer":"I."}"# + "\n" + #"{"prompt":"a","completion":" b"}"# + "\n\n"
            + #"{"messages":[{"role":"user","content":"Hi \ud83d\ude00"},{"role":"assistant","content":"Yes"}]}"# + "\n"
            + #"{"text":"plain"}"# + "\n"
        return FuzzTarget(name: "jsonl", fileName: "data.jsonl", seeds: [Array(text.utf8)]) { folder in
            _ = try ExampleReader().read(folder.appending(path: "data.jsonl"))
        }
    }

    private static var yaml: FuzzTarget {
        let text = """
            model: one
            subject: &name "Harry Potter"
            terms: *name
            seed: 3
            set:
              steps: 20
              study: {entities: 4, temperature: 0.5}

            """
        return FuzzTarget(name: "yaml", fileName: "run.yaml", seeds: [Array(text.utf8)]) { folder in
            let (configuration, settings) = try RunFile.read(
                folder.appending(path: "run.yaml"), as: RunConfiguration.self)
            _ = try LanguagePlan(configuration, settings: settings)
        }
    }
}

/// Bytes as GGUF and llama2.c write them.
private struct LittleEndian {
    var bytes: [UInt8] = []

    mutating func add(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func add(_ text: String, isCounted: Bool = true) {
        if isCounted { add(UInt64(text.utf8.count)) }
        bytes += text.utf8
    }

    mutating func add(_ key: String, arrayOf type: UInt32, count: UInt64) {
        add(key)
        add(UInt32(9))
        add(type)
        add(count)
    }
}

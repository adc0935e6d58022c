// A tokenizer small enough to check by hand, for the tiny golden models.

import UnlearnEngine
import UnlearnModels

@testable import UnlearnData

enum TinyText {
    /// Every byte is a token, and pairs that the merges name: enough for words with spaces before them.
    static func tokenizer(words: [String] = []) throws -> Tokenizer {
        var vocabulary = ByteAlphabet.letters
        var merges: [TokenizerDefinition.Merge] = []
        var ids = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($0.element, Int32($0.offset)) })
        for word in words {
            let letters = ByteAlphabet.spelled(" " + word)
            var left = letters[0]
            for letter in letters.dropFirst() {
                let joined = left + letter
                if ids[joined] == nil, let a = ids[left], let b = ids[letter] {
                    ids[joined] = Int32(vocabulary.count)
                    merges.append(.init(left: a, right: b, result: Int32(vocabulary.count)))
                    vocabulary.append(joined)
                }
                left = joined
            }
        }
        var definition = TokenizerDefinition(vocabulary: vocabulary, merges: merges, spelling: .byteLevel)
        definition.splits = [.init(pattern: #" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+"#)]
        definition.endOfSequence = 0
        return try Tokenizer(definition)
    }

    static func language(_ model: any CausalLM) throws -> LanguageModel {
        LanguageModel(model: model, encoder: try ExampleEncoder(tokenizer(), .plain), stopTokens: [])
    }

    /// Letters alone, each a token: no more than the golden models know.
    static func letters(_ model: any CausalLM) throws -> LanguageModel {
        let letters: [String] = ByteAlphabet.spelled("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz .,:;!?()'\n")
        var definition = TokenizerDefinition(
            vocabulary: letters, merges: [TokenizerDefinition.Merge](), spelling: .byteLevel)
        definition.splits = [.init(pattern: #" ?\p{L}+|\s+"#)]
        return LanguageModel(
            model: model, encoder: try ExampleEncoder(Tokenizer(definition), .plain), stopTokens: [])
    }
}

extension LanguageModel {
    /// Trains all parameters until the examples are known by heart.
    func learnByHeart(_ examples: [TokenExample]) {
        let parameters = model.parameters.train(Set(model.parameters.names))
        let optimizer = AdamW(parameters)
        for _ in 0..<150 {
            let loss = -model.logProbabilities(TokenBatch(examples)).mean()
            optimizer.step(loss.gradients(of: parameters), learningRate: 1e-2)
        }
        model.parameters.train([])
    }
}

/// The letters that byte-level vocabularies write for bytes.
enum ByteAlphabet {
    static let letters: [String] = (0..<256).map { letter(UInt8($0)) }

    static func spelled(_ text: String) -> [String] { text.utf8.map(letter) }

    private static func letter(_ byte: UInt8) -> String {
        let printable = { (byte: UInt8) in (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 }
        if printable(byte) { return String(UnicodeScalar(byte)) }
        let hidden = (0..<byte).count { !printable($0) }
        return UnicodeScalar(UInt32(256 + hidden)).map(String.init) ?? ""
    }
}

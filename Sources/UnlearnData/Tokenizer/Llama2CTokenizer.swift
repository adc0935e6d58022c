// Reads the tokenizer.bin of llama2.c: the longest token's length, then for each token score, length and bytes.

public import Foundation
internal import UnlearnFormats

extension TokenizerDefinition {
    /// Reads a tokenizer in the format of llama2.c, in which ids 0 to 2 are unknown, begin and end, and the next 256
    /// are the bytes.
    public init(llama2C url: URL) throws(TokenizerError) {
        let file: MappedFile
        do { file = try MappedFile(url) } catch { throw .file(error) }
        defer { withExtendedLifetime(file) {} }
        func malformed(_ what: String) -> TokenizerError {
            .malformed(file: url.path, what: what, expected: "the tokenizer of a llama2.c model")
        }
        let firstText = 259
        let size = file.bytes.count
        var tokens: [String] = []
        var scores: [Float] = []
        var offset = 4
        while offset < size {
            guard size - offset >= 8 else { throw malformed("it ends inside token \(tokens.count)") }
            let score = file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
            let length = file.bytes.loadUnaligned(fromByteOffset: offset + 4, as: Int32.self)
            offset += 8
            guard length > 0, Int(Int32(littleEndian: length)) <= size - offset else {
                throw malformed("token \(tokens.count) has an impossible length")
            }
            let end = offset + Int(Int32(littleEndian: length))
            scores.append(Float(bitPattern: UInt32(littleEndian: score)))
            let text = String(decoding: file.bytes[offset..<end], as: UTF8.self)
            tokens.append(text.replacingBytes(of: " ", with: SentencePieceSpelling.space))
            offset = end
        }
        guard tokens.count >= firstText else {
            throw malformed(
                "it has \(tokens.count) tokens, fewer than the \(firstText) that stand for control and bytes")
        }
        tokens.replaceSubrange(0..<3, with: ["<unk>", "<s>", "</s>"])
        for byte in UInt8.min...UInt8.max { tokens[3 + Int(byte)] = SentencePieceSpelling.token(ofByte: byte) }
        let merges = try SentencePieceMerges.merges(tokens, scores, file: url.path) { $0 >= firstText }
        self.init(sentencePiece: tokens, merges: merges, byteFallback: true, addsSpace: true)
        (unknown, beginOfSequence, endOfSequence) = (0, 1, 2)
        prefix = [1]
        markNamedTokensSpecial()
    }
}

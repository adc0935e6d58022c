// Reads tokenizer.model, the protocol-buffer file of SentencePiece (Kudo and Richardson 2018, arXiv 1808.06226).

public import Foundation
internal import UnlearnFormats

extension TokenizerDefinition {
    /// Reads a SentencePiece model that was trained with byte-pair encoding, such as Llama 2's.
    public init(sentencePiece url: URL) throws(TokenizerError) {
        let file: MappedFile
        do { file = try MappedFile(url) } catch { throw .file(error) }
        defer { withExtendedLifetime(file) {} }
        let model = try SentencePieceModel(file)
        let merges = try SentencePieceMerges.merges(model.pieces.map(\.text), model.pieces.map(\.score), file: url.path)
        { model.pieces[$0].kind == .normal }
        self.init(
            sentencePiece: model.pieces.map(\.text), merges: merges,
            byteFallback: model.pieces.contains { $0.kind == .byte }, addsSpace: model.addsSpace)
        unknown = try model.id(model.unknown, "unk_id")
        beginOfSequence = try model.id(model.begin, "bos_id")
        endOfSequence = try model.id(model.end, "eos_id")
        padding = try model.id(model.padding, "pad_id")
        // The file does not say what goes around a text; models of this kind expect their begin token.
        prefix = beginOfSequence.map { [$0] } ?? []
        addTokens(of: model.pieces.map(\.kind))
    }
}

/// What this program needs of the message ModelProto in sentencepiece_model.proto; numbers in comments are its fields.
private struct SentencePieceModel {
    struct Piece {
        var text = ""
        var score: Float = 0
        var kind = TokenKind.normal
    }

    let path: String
    var pieces: [Piece] = []
    var addsSpace = true
    private var removesSpaces = true
    // SentencePiece's defaults; −1 is a token that the model has not.
    var (unknown, begin, end, padding) = (Int64(0), Int64(1), Int64(2), Int64(-1))

    init(_ file: MappedFile) throws(TokenizerError) {
        path = file.path
        var message = ProtocolBuffer(bytes: file.bytes, path: path)
        while let field = try message.next() {
            switch field {
            case (1, .bytes(let bytes)): pieces.append(try piece(bytes))
            case (2, .bytes(let bytes)): try readTrainer(bytes)
            case (3, .bytes(let bytes)): try readNormalizer(bytes)
            default: break
            }
        }
        guard !pieces.isEmpty else {
            throw .malformed(file: path, what: "it holds no tokens", expected: "a SentencePiece model")
        }
        guard !removesSpaces else {
            throw .unsupported(file: path, what: "removing repeated spaces", supported: ["keeping them"])
        }
    }

    private func piece(_ bytes: UnsafeRawBufferPointer) throws(TokenizerError) -> Piece {
        var piece = Piece()
        var message = ProtocolBuffer(bytes: bytes, path: path)
        while let field = try message.next() {
            switch field {
            case (1, .bytes(let text)): piece.text = String(decoding: text, as: UTF8.self)
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .integer(let kind)): piece.kind = Int32(exactly: kind).flatMap(TokenKind.init) ?? .normal
            default: break
            }
        }
        return piece
    }

    private mutating func readTrainer(_ bytes: UnsafeRawBufferPointer) throws(TokenizerError) {
        var message = ProtocolBuffer(bytes: bytes, path: path)
        var kind: UInt64 = 1
        while let field = try message.next() {
            switch field {
            case (3, .integer(let value)): kind = value  // model_type
            case (40, .integer(let value)): unknown = Int64(bitPattern: value)
            case (41, .integer(let value)): begin = Int64(bitPattern: value)
            case (42, .integer(let value)): end = Int64(bitPattern: value)
            case (43, .integer(let value)): padding = Int64(bitPattern: value)
            default: break
            }
        }
        guard kind == 2 else {
            let name = [1: "unigram", 3: "word", 4: "char"][kind] ?? String(kind)
            throw .unsupported(file: path, what: "the model type '\(name)'", supported: ["bpe"])
        }
    }

    private mutating func readNormalizer(_ bytes: UnsafeRawBufferPointer) throws(TokenizerError) {
        var message = ProtocolBuffer(bytes: bytes, path: path)
        while let field = try message.next() {
            switch field {
            // A table of replacements: only "identity" has none.
            case (2, .bytes(let table)) where !table.isEmpty:
                throw .unsupported(file: path, what: "a table of replaced characters", supported: ["identity"])
            case (3, .integer(let flag)): addsSpace = flag != 0  // add_dummy_prefix
            case (4, .integer(let flag)): removesSpaces = flag != 0  // remove_extra_whitespaces
            default: break
            }
        }
    }

    /// A token's id; nil where the model has no such token.
    func id(_ number: Int64, _ name: String) throws(TokenizerError) -> Int32? {
        if number < 0 || Int32(truncatingIfNeeded: number) == -1 { return nil }
        guard number < pieces.count else {
            throw .malformed(
                file: path, what: "'\(name)' is \(number)", expected: "an id from 0 to \(pieces.count - 1)")
        }
        return Int32(number)
    }
}

/// The fields of a message in protocol buffers' wire format, one after another, each checked against what remains.
private struct ProtocolBuffer {
    enum Value {
        case integer(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
    }

    let bytes: UnsafeRawBufferPointer
    let path: String
    var offset = 0

    private func malformed(_ what: String) -> TokenizerError {
        .malformed(file: path, what: what, expected: "a SentencePiece model")
    }

    /// The next field and its number; nil at the end.
    mutating func next() throws(TokenizerError) -> (number: UInt64, value: Value)? {
        guard offset < bytes.count else { return nil }
        let key = try variableInteger()
        switch key & 7 {
        case 0: return (key >> 3, .integer(try variableInteger()))
        case 1: return (key >> 3, .bytes(try take(8)))
        case 2: return (key >> 3, .bytes(try take(try variableInteger())))
        case 5:
            let raw = try take(4)
            return (key >> 3, .fixed32(UInt32(littleEndian: raw.loadUnaligned(as: UInt32.self))))
        case let kind: throw malformed("a field has the unknown kind \(kind)")
        }
    }

    private mutating func take(_ count: UInt64) throws(TokenizerError) -> UnsafeRawBufferPointer {
        guard count <= UInt64(bytes.count - offset) else { throw malformed("it ends inside a field") }
        defer { offset += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
    }

    private mutating func variableInteger() throws(TokenizerError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard offset < bytes.count else { throw malformed("it ends inside a number") }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
        }
        throw malformed("a number takes more than ten bytes")
    }
}

// Checkpoints of llama2.c, version 0: seven numbers, then all weights as 32-bit floating-point numbers.
public import Foundation

/// A llama2.c checkpoint, checked when opened. Query and key rows are interleaved: see `RotaryLayout`.
public struct Llama2C: Sendable {
    /// The numbers of the header.
    public struct Configuration: Sendable, Equatable {
        public let width: Int
        public let hiddenWidth: Int
        public let layers: Int
        public let heads: Int
        public let keyValueHeads: Int
        public let vocabulary: Int
        public let contextLength: Int
        /// Whether the output layer is the token embedding.
        public let isTied: Bool

        public var headWidth: Int { width / heads }
        public var keyValueWidth: Int { headWidth * keyValueHeads }
        /// Not in the file: llama2.c fixes both.
        public var rotaryBase: Double { 10000 }
        public var normEpsilon: Double { 1e-5 }
    }

    /// One tensor, under its Hugging Face name.
    public struct Tensor: Sendable, Equatable {
        public let name: String
        public let shape: [Int]
        public let range: Range<Int>
    }

    public let file: MappedFile
    public let configuration: Configuration
    /// Embedding, layers from first to last, final norm, output layer when untied.
    public let tensors: [Tensor]

    public init(_ url: URL) throws(FormatError) {
        file = try MappedFile(url)
        var cursor = ByteCursor(file, .llama2C)
        configuration = try cursor.configuration()
        tensors = try cursor.tensors(configuration)
    }

    /// The numbers of `tensor`, valid while `file` lives.
    public func floats(of tensor: Tensor) -> UnsafeBufferPointer<Float> {
        // The header takes 28 bytes and a mapping begins on a page, so every tensor is aligned.
        UnsafeRawBufferPointer(rebasing: file.bytes[tensor.range]).bindMemory(to: Float.self)
    }
}

extension ByteCursor {
    fileprivate mutating func configuration() throws(FormatError) -> Llama2C.Configuration {
        if remaining >= 4, bytes.prefix(4).elementsEqual("24ka".utf8) {
            throw .unsupported(
                path: path, place: .header, found: "a later version of the format", supported: ["version 0 (legacy)"])
        }
        var numbers: [Int] = []
        for _ in 0..<7 { numbers.append(Int(try integer(Int32.self))) }
        let vocabulary = numbers[5]
        numbers[5] = abs(vocabulary)
        guard numbers.allSatisfy({ $0 > 0 }) else { throw damaged("a number is not positive") }
        let configuration = Llama2C.Configuration(
            width: numbers[0], hiddenWidth: numbers[1], layers: numbers[2], heads: numbers[3],
            keyValueHeads: numbers[4], vocabulary: numbers[5], contextLength: numbers[6], isTied: vocabulary > 0)
        guard configuration.width % (2 * configuration.heads) == 0,
            configuration.heads % configuration.keyValueHeads == 0
        else {
            throw damaged(
                "width \(numbers[0]), \(numbers[3]) heads and \(numbers[4]) key-value heads do not fit together")
        }
        return configuration
    }

    private func damaged(_ problem: String) -> FormatError {
        .malformed(format, path: path, place: .header, problem: problem)
    }

    fileprivate mutating func tensors(_ c: Llama2C.Configuration) throws(FormatError) -> [Llama2C.Tensor] {
        // Each tensor takes at least four bytes, so a corrupt number of layers ends here.
        guard c.layers <= remaining / 4 else { throw damaged("\(c.layers) layers do not fit into the file") }
        var layers = Array(repeating: [Llama2C.Tensor](), count: c.layers)
        func name(_ layer: Int, _ part: String) -> String { "model.layers.\(layer).\(part).weight" }

        // The file keeps one kind of tensor of all layers together.
        var result = [try tensor("model.embed_tokens.weight", [c.vocabulary, c.width])]
        let kinds: [(part: String, shape: [Int])] = [
            ("input_layernorm", [c.width]),
            ("self_attn.q_proj", [c.width, c.width]),
            ("self_attn.k_proj", [c.keyValueWidth, c.width]),
            ("self_attn.v_proj", [c.keyValueWidth, c.width]),
            ("self_attn.o_proj", [c.width, c.width]),
            ("post_attention_layernorm", [c.width]),
            ("mlp.gate_proj", [c.hiddenWidth, c.width]),
            ("mlp.down_proj", [c.width, c.hiddenWidth]),
            ("mlp.up_proj", [c.hiddenWidth, c.width]),
        ]
        for kind in kinds {
            for layer in layers.indices { layers[layer].append(try tensor(name(layer, kind.part), kind.shape)) }
        }
        result += layers.joined()
        result.append(try tensor("model.norm.weight", [c.width]))
        // Cosines and sines, which are computed anew.
        for part in ["cosines", "sines"] { _ = try tensor(part, [c.contextLength, c.headWidth / 2]) }
        if !c.isTied { result.append(try tensor("lm_head.weight", [c.vocabulary, c.width])) }
        guard remaining == 0 else { throw malformed("\(remaining) bytes follow the last tensor") }
        return result
    }

    private mutating func tensor(_ name: String, _ shape: [Int]) throws(FormatError) -> Llama2C.Tensor {
        guard let size = (shape + [4]).checkedProduct, size <= remaining else {
            throw .malformed(
                format, path: path, place: .tensor(name), problem: "\(remaining) bytes are too few for shape \(shape)")
        }
        let start = offset
        _ = try take(size)
        return Llama2C.Tensor(name: name, shape: shape, range: start..<start + size)
    }
}

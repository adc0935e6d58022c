// Checkpoints of each format as sources of tensors under Hugging Face names.

internal import Foundation
internal import UnlearnEngine
internal import UnlearnFormats

/// Hugging Face safetensors, one file or several.
struct SafetensorsSource: TensorSource {
    let checkpoint: SafetensorsCheckpoint
    let title: String

    var names: [String] { checkpoint.names }
    func shape(of name: String) -> Shape? { checkpoint[name]?.shape }

    func load(_ name: String, as precision: Precision) throws(CheckpointError) -> Tensor {
        guard let entry = checkpoint[name] else { throw .missing(name: name, source: title) }
        let bytes: UnsafeRawBufferPointer
        do throws(FormatError) {
            bytes = try checkpoint.bytes(of: name)
        } catch { throw .unreadable(name: name, reason: error.description) }
        // The file stays mapped for as long as the model is open; what was copied need not be in memory twice.
        defer { checkpoint.releaseBytes(of: name) }
        switch entry.type {
        case .float32:
            return Tensor(copying: bytes, shape: entry.shape, type: .float32)
        case .float16 where precision == .stored:
            return Tensor(copying: bytes, shape: entry.shape, type: .float16)
        case .bfloat16 where precision == .stored:
            return Tensor(copying: bytes, shape: entry.shape, type: .bfloat16)
        case .float16:
            return widened(entry.shape) { Widening.float16(bytes, into: $0) }
        case .bfloat16:
            return widened(entry.shape) { Widening.bfloat16(bytes, into: $0) }
        default:
            throw .unreadable(name: name, reason: "its type is \(entry.type); supported are F32, F16 and BF16.")
        }
    }
}

/// Weights that are packed in a way which is not read.
struct PackedSource: TensorSource {
    let title: String

    var names: [String] { [] }
    func shape(of _: String) -> Shape? { nil }
    func load(_ name: String, as _: Precision) throws(CheckpointError) -> Tensor {
        throw .missing(name: name, source: title)
    }
}

/// GGUF of the llama family: names mapped, blocks decoded, Llama's query and key rows put back in order.
struct GGUFSource: TensorSource {
    let file: GGUFFile
    let title: String
    let names: [String]
    private let tensors: [String: GGUFTensor]
    /// How many heads rows are to be put back in order in; nil: they are in order.
    private let heads: (query: Int, key: Int)?

    init(_ file: GGUFFile, title: String, heads: (query: Int, key: Int)?) {
        self.file = file
        self.title = title
        self.heads = heads
        // The rotary table is part of the configuration here; anything else unknown is reported as unread.
        let named = file.tensors.filter { $0.name != GGUFImport.rotaryTable }
            .map { (LlamaNames.huggingFace(gguf: $0.name) ?? $0.name, $0) }
        names = named.map(\.0)
        tensors = Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    func shape(of name: String) -> Shape? { tensors[name]?.shape }

    func load(_ name: String, as _: Precision) throws(CheckpointError) -> Tensor {
        guard let tensor = tensors[name] else { throw .missing(name: name, source: title) }
        return widened(tensor.shape) { buffer in
            file.dequantize(tensor, into: buffer)
            if let heads, RotaryLayout.applies(to: name) {
                unpermute(buffer, name: name, shape: tensor.shape, heads: heads)
            }
        }
    }
}

/// A llama2.c checkpoint.
struct Llama2CSource: TensorSource {
    let file: Llama2C
    let title: String

    var names: [String] { file.tensors.map(\.name) }
    func shape(of name: String) -> Shape? { file.tensors.first { $0.name == name }?.shape }

    func load(_ name: String, as _: Precision) throws(CheckpointError) -> Tensor {
        guard let tensor = file.tensors.first(where: { $0.name == name }) else {
            throw .missing(name: name, source: title)
        }
        return widened(tensor.shape) { buffer in
            _ = buffer.update(fromContentsOf: file.floats(of: tensor))
            if RotaryLayout.applies(to: name) {
                let heads = (query: file.configuration.heads, key: file.configuration.keyValueHeads)
                unpermute(buffer, name: name, shape: tensor.shape, heads: heads)
            }
        }
    }
}

private func unpermute(
    _ buffer: UnsafeMutableBufferPointer<Float>, name: String, shape: Shape, heads: (query: Int, key: Int)
) {
    RotaryLayout.unpermute(
        buffer, heads: name.contains("q_proj") ? heads.query : heads.key, rows: shape[0],
        columns: shape.count > 1 ? shape[1] : 1)
}

/// A new single-precision tensor that `fill` writes.
private func widened(_ shape: Shape, _ fill: (UnsafeMutableBufferPointer<Float>) -> Void) -> Tensor {
    let tensor = Tensor(uninitialized: shape)
    tensor.withMutableBytes { fill($0.bindMemory(to: Float.self)) }
    return tensor
}

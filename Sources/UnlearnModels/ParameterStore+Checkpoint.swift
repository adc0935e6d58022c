// Parameters in memory, written as a checkpoint or read as one.

internal import Foundation
internal import UnlearnEngine
internal import UnlearnFormats

extension ParameterStore {
    /// Writes all tensors in store order as a safetensors file: those that are kept in half precision as they are, all
    /// others in single precision.
    func write(to url: URL) throws(FormatError) {
        let changed = Set(attached.map(\.weightName))
        func type(_ name: String) -> ElementType {
            let own = self[name].type
            return changed.contains(name) || (own != .float16 && own != .bfloat16) ? .float32 : own
        }
        func stored(_ name: String) -> ScalarType {
            switch type(name) {
            case .float16: .float16
            case .bfloat16: .bfloat16
            default: .float32
            }
        }
        var writer = try SafetensorsWriter(url, names.map { SafetensorsWriter.Tensor($0, stored($0), self[$0].shape) })
        for name in names {
            let tensor = merged(name).to(type(name)).contiguous()
            try tensor.withBytes { (bytes) throws(FormatError) in try writer.append(bytes) }
        }
        try writer.commit()
    }
}

/// Parameters in memory as a source of copies.
struct StoreSource: TensorSource {
    let store: ParameterStore
    var title: String { "the model" }
    var names: [String] { store.names }

    func shape(of name: String) -> Shape? { store.contains(name) ? store[name].shape : nil }
    func load(_ name: String, as _: Precision) -> Tensor { withoutRecording { store[name] + 0 }.detached() }
}

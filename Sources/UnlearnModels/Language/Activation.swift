// The activation functions that configurations name.

internal import UnlearnEngine
internal import UnlearnFormats

/// The function between the two linear layers of a feed-forward layer.
enum Activation: Sendable, Equatable {
    /// x · Φ(x), and its approximation by tanh (Hendrycks and Gimpel 2016, arXiv 1606.08415).
    case gelu, geluTanh

    /// The function that `key` of a config.json names.
    init(_ file: ConfigurationFile, key: String, default fallback: String) throws(ModelError) {
        switch file.json[key]?.string ?? fallback {
        case "gelu": self = .gelu
        case "gelu_new", "gelu_pytorch_tanh", "gelu_fast": self = .geluTanh
        case let name:
            throw .unsupported("\(key) '\(name)'", path: file.path, advice: "Supported are 'gelu' and 'gelu_new'.")
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .gelu: x.gelu()
        case .geluTanh: x.geluTanh()
        }
    }
}

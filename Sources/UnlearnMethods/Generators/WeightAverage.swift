// A running mean of the parameters over the steps of a training, which draws better pictures than the last step's:
// Ho et al. 2020 (arXiv 2006.11239), appendix B. In the first steps the decay is smaller, so that the start is forgotten.

internal import UnlearnEngine

/// Means of parameters that are being trained.
final class WeightAverage {
    private let decay: Double
    private let names: [String]
    private let parameters: [Tensor]
    private let means: [Tensor]

    init(_ names: [String], _ parameters: [Tensor], decay: Double) {
        (self.names, self.parameters, self.decay) = (names, parameters, decay)
        means = withoutRecording { parameters.map { $0.detached() + 0 } }
    }

    /// What must be kept to go on later.
    var state: [NamedTensor] { zip(names, means).map { ("mean.\($0)", $1) } }

    /// mean ← d · mean + (1 − d) · parameter, d the smaller of the decay and (1 + t) / (10 + t).
    /// - Parameter step: t, counted from 0.
    func add(at step: Int) {
        let decay = min(decay, Double(1 + step) / Double(10 + step))
        withoutRecording {
            for (mean, parameter) in zip(means, parameters) {
                mean.multiply(inPlace: decay)
                mean.add(inPlace: parameter, scaledBy: 1 - decay)
            }
        }
    }

    /// Puts the means in the place of the parameters while `body` runs.
    func during<Value>(_ body: () throws -> Value) rethrows -> Value {
        let latest = withoutRecording { parameters.map { $0 + 0 } }
        adopt()
        defer { withoutRecording { for (parameter, value) in zip(parameters, latest) { parameter.copy(from: value) } } }
        return try body()
    }

    /// Puts the means in the place of the parameters.
    func adopt() {
        withoutRecording { for (parameter, mean) in zip(parameters, means) { parameter.copy(from: mean) } }
    }
}

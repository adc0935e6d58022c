// Sharpness-aware steps: what is to be forgotten is not only to be improbable, but to be so everywhere near by.
// Fan et al. 2025 (arXiv 2502.05374), equation 5, after Foret et al. 2021 (arXiv 2010.01412), equation 2.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// How flat the place has to be in which a training ends.
public struct FlatnessOptions: Configurable {
    @Setting(
        "ρ: how far off, along its gradient, the forget term is minimised, so that small changes of the weights bring back "
            + "less; 0.01 is usual, and takes half as long again or twice as long. 0: on the spot.", .notNegative)
    public var rho = 0.0

    public init() {}
}

extension Descent {
    /// ∇f(θ + ρ · ∇f(θ) / ‖∇f(θ)‖) + ∇r(θ): r are the terms of retain examples alone, if these are read in a pass of their
    /// own, and f all others. Values are those at θ.
    /// - Parameter parts: called twice; reads the model anew each time.
    func flatGradients(_ parts: () throws -> [StepPart]) throws -> ([Tensor?], [String: Double]) {
        let none = [Tensor?](repeating: nil, count: parameters.count)
        var (steepest, sums) = (none, none)
        var values: [String: Double] = [:]
        for part in try parts() {
            let terms = try part.objective()
            for pass in part.step.passes(of: terms) {
                let total = pass.total * part.share
                if pass.isOfRetain {
                    total.addGradients(of: parameters, to: &sums)
                } else {
                    total.addGradients(of: parameters, to: &steepest)
                }
                part.step.finishPass()
            }
            for (name, value) in try terms.values(step: recorder.count, examples: part.step.exampleIDs) {
                values[name, default: 0] += value * part.share
            }
        }
        let norm = clip(steepest, toNorm: .infinity)
        // Copies, as what was added and taken off again would not be what it was to the bit.
        let here = withoutRecording { parameters.map { $0 + 0 } }
        defer { withoutRecording { for (parameter, old) in zip(parameters, here) { parameter.copy(from: old) } } }
        withoutRecording {
            for (parameter, gradient) in zip(parameters, steepest) {
                if let gradient { parameter.add(inPlace: gradient, scaledBy: norm > 0 ? pace.flatness / norm : 0) }
            }
        }
        steepest = none
        for part in try parts() {
            for pass in part.step.passes(of: try part.objective()) where !pass.isOfRetain {
                (pass.total * part.share).addGradients(of: parameters, to: &sums)
                part.step.finishPass()
            }
        }
        return (sums, values)
    }
}

extension [Term] {
    /// Whether nothing but retain examples is read for them.
    fileprivate var isOfRetain: Bool { allSatisfy(\.isOfRetain) }
}

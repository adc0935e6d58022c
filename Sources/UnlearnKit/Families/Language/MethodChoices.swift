// Choices that do not go with a language method, whatever it is to forget.

import UnlearnData
import UnlearnMethods
import UnlearnModels

extension LanguageMethod {
    /// Refuses what would be overruled or would not hold.
    func check(beside training: TrainingOptions, _ lora: LoRAOptions) throws {
        let name = Self.card.name
        if lora.rank > 0, Self.bringsAdditions {
            throw KitError.invalidOption(
                path: "lora.rank",
                problem: "the method '\(name)' makes low-rank additions of its own, of the width rank")
        }
        if let problem = problem(beside: training, additionRank: lora.rank) {
            throw KitError.invalidOption(path: problem.path, problem: problem.problem)
        }
        if training.rounding != .none, Self.scalesItsChange || training.extrapolation != 1 {
            let cause = Self.scalesItsChange ? "the method '\(name)'" : "extrapolation"
            throw KitError.invalidOption(
                path: "rounding",
                problem:
                    "\(cause) scales the change after training, so that no step is taken at the weights that are kept; leave "
                    + "one out")
        }
        guard training.stop.divergence != nil else { return }
        if Self.scalesItsChange {
            throw KitError.invalidOption(
                path: "stop.divergence",
                problem:
                    "the method '\(name)' scales its change after training, which no measurement in training bounds; "
                    + "scale.budget says how far it may go")
        }
        if training.extrapolation > 1 {
            throw KitError.invalidOption(
                path: "stop.divergence",
                problem: "extrapolation goes beyond what was measured in training; leave one out")
        }
    }
}

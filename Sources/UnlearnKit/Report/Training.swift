// What a training came to, where the method or a limit decided it and not the user.

import UnlearnEvaluation
import UnlearnMethods

extension Report {
    /// How far a language model's weights were changed.
    public struct Training: Codable, Sendable, Equatable {
        /// After how many steps the state was kept, if a limit to the divergence decided that.
        public var steps: Int?
        /// That state's KL(original ‖ model), in nats per token of examples to keep.
        public var divergence: Double?
        /// λ, where the method scales its change of the weights.
        public var scale: Double?

        var isEmpty: Bool { self == Training() }

        var sentences: [String] {
            var sentences: [String] = []
            if let steps, let divergence {
                sentences.append(
                    "The state after \(steps) steps was kept, which is \(NumberText.decimal(divergence)) nats per token from "
                        + "the original on examples to keep.")
            }
            if let scale { sentences.append("The change of the weights was scaled by \(NumberText.decimal(scale)).") }
            return sentences
        }
    }
}

extension Report.Training {
    init(_ session: Session) {
        self.init(steps: session.kept?.steps, divergence: session.kept?.divergence, scale: session.scale)
    }
}

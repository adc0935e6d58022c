// SCRUB: the student obeys the original on retain and disobeys it on forget.
// Kurmanji et al. 2023 (arXiv 2302.09880), equation 3 and algorithm 1.

public import UnlearnData
internal import UnlearnEngine
public import UnlearnFormats

/// In each of the first epochs a pass over forget that raises KL to the original; in each epoch a pass over retain
/// that lowers γ · CE + α · KL. One optimizer for both.
public struct SCRUB: ClassifierMethod {
    public static let card = Card(
        name: "scrub", summary: "Departs from the original model on forget, then follows it on retain.",
        paper: "Kurmanji et al. 2023, arXiv 2302.09880", needs: [.losses, .retainSet, .classes])
    public static let phaseDefaults = Phase(
        .adam, learningRate: 5e-4, epochs: 10, schedule: Schedule(.constant))

    @Setting("γ, the weight of the cross-entropy on retain.", .notNegative) public var gamma = 1.0
    @Setting("α, the weight of the divergence on retain.", .notNegative) public var alpha = 0.5
    @Setting("T, the temperature of both divergences.", .positive) public var temperature = 2.0
    @Setting("Epochs that begin with a pass over the forget set.", .notNegative) public var forgetEpochs = 3

    public init() {}

    public func run(_ session: ClassifierSession) throws {
        try session.readOriginal()
        let epochs = max(1, Int(session.phase.epochs.rounded()))
        let pass = (session.retain.count + session.phase.batchSize - 1) / session.phase.batchSize
        let forgetPass = (session.forget.count + session.phase.batchSize - 1) / session.phase.batchSize
        let descent = try session.descent(
            session.phase, steps: epochs * pass + min(forgetEpochs, epochs) * forgetPass)
        for epoch in 0..<epochs {
            if epoch < forgetEpochs {
                try descent.run("forget", [session.forget], count: forgetPass, forgetTerms)
            }
            try descent.run("retain", [session.retain], count: pass, retainTerms)
        }
    }

    func forgetTerms(_ step: ImageStep) -> [Term] {
        [Term("forget-kl", weight: -1, step.distillation(temperature: temperature))]
    }

    func retainTerms(_ step: ImageStep) -> [Term] {
        [
            Term("retain-nll", weight: gamma, crossEntropy(step.logits(), step.batches[0].labels)),
            Term("retain-kl", weight: alpha, step.distillation(temperature: temperature)),
        ]
    }
}

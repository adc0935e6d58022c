// The decoder probe: a new encoder is trained into the decoder as it is, to see what the decoder still knows.

public import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
import UnlearnMethods

/// Gives copies of the models an encoder drawn at random, and trains it alone, on many pictures to forget. How well others
/// are redrawn then is what the decoder can draw, however thoroughly the encoder forgot. All begin with the same encoder.
public struct DecoderProbe: GeneratorAttack {
    public static let card = Card(
        name: "decoder-probe", summary: "Trains a new encoder into the decoder, to see what that still knows.",
        needs: [.encoder])

    @Setting("Forgotten pictures that the new encoder learns from, at most.", .within(1...1_000_000))
    public var pictures = 2000
    @Setting("Steps of training.", .within(1...100_000)) public var steps = 100
    @Setting("Pictures in each step.", .within(1...100_000)) public var batchSize = 64
    @Setting("The peak learning rate, of Adam.", .positive) public var learningRate = 2e-3
    @Setting("Pictures on which it is measured.", .within(2...1_000_000)) public var measured = 1000

    public init() {}

    public func run(_ audit: GeneratorAudit) throws -> [AttackOutcome] {
        let (known, others) = audit.divided(pictures, measured)
        guard !known.isEmpty, others.count > 1 else {
            return [
                .skipped(
                    name: Self.card.name, form: "",
                    reason: "There are too few pictures to forget, and others beside them to measure on.")
            ]
        }
        var done = 0
        let total = audit.models.count * steps
        let probed = try audit.models.map { audited in
            let model = try audit.withNewEncoder(audited.model)
            let looks = try audit.relearn(
                model, .encoder, on: known, measuring: others, training, at: [steps]
            ) {
                done += 1
                audit.note("Probing decoders", done, of: total, "steps")
            }
            return looks[0]
        }
        let values = AttackedValues(
            before: audit.ratios(of: audit.models[0].model, others),
            after: audit.ratios(of: audit.models[1].model, others),
            attackedBefore: probed[0], attacked: probed[1], control: probed.count > 2 ? probed[2] : nil)
        return [.made(values.result(Self.card.name, unit: "decibels"))]
    }

    private var training: GeneratorTraining {
        var training = GeneratorTraining()
        (training.learningRate, training.schedule) = (learningRate, .init(.cosine, warmupSteps: min(10, steps / 4)))
        training.batchSize = batchSize
        return training
    }
}

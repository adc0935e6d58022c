// Relearning of language models: a few examples and a few steps of ordinary training. What comes back is asked about
// other things.

public import UnlearnData
import UnlearnEngine
public import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// Trains low-rank additions on some of what was forgotten, on a half of it, and on unrelated text, and asks meanwhile
/// about what was not trained on. The additions are taken out again.
public struct TextRelearning: LanguageAttack {
    public static let card = Card(
        name: Relearning.card.name,
        summary: "Trains a little further on some of what was forgotten, or on other text, and asks about the rest.",
        paper: Relearning.card.paper, needs: [.losses, .generation])

    /// What a model is trained on.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// Some of what was forgotten.
        case few
        /// Half of it; asked is the other half.
        case half
        case unrelated
    }

    @Setting("What is trained on: few, half, unrelated; one attack each.") public var kinds = Kind.allCases
    @Setting("How many forgotten examples the attacker has.", .within(1...100_000)) public var examples = 10
    @Setting("Steps of training.", .within(1...100_000)) public var steps = 20
    @Setting("The largest number of examples in a step.", .within(1...100_000)) public var batchSize = 10
    @Setting("The learning rate, of AdamW, all the time.", .positive) public var learningRate = 2e-4
    @Setting("The rank of what is added to the matrices; α is twice as much.", .within(1...1024)) public var rank = 8

    public init() {}

    public init(_ effort: AuditConfiguration.Effort) {
        self.init()
        if effort == .quick { kinds = [.few, .half] }
    }

    /// After how many steps the models are looked at.
    private var marks: [Int] { AttackCurve.marks(steps) }

    public func workCount(_ audit: LanguageAudit) -> Int { lessons(audit).count * steps }

    private func lessons(_ audit: LanguageAudit) -> [Lesson] {
        audit.forgotten.lessons(examples).filter { kinds.contains($0.kind) }
    }

    public func looks(at audited: AuditedLanguageModel, _ audit: LanguageAudit) throws -> [LanguageLook] {
        try lessons(audit).map { lesson in
            guard !lesson.examples.isEmpty else {
                audit.advance(by: steps)
                return .skipped(form: lesson.form, reason: "There are not so many examples of it.")
            }
            let probe = lesson.probe ?? audit.forgotten.probe
            let plain = try lesson.probe.map { try $0.figures(of: audited.model, .answers) } ?? audited.plain
            let looks = try relearn(audited.model, lesson.examples, probe, seed: audit.seed) { audit.advance() }
            return .made(
                LanguageTrial(
                    form: lesson.form, plain: plain, attacked: looks.last ?? plain,
                    curve: Array(zip(marks, [plain] + looks))))
        }
    }

    /// What a model shows at each mark but the first, at the last of them in its answers as well.
    private func relearn(
        _ model: LanguageModel, _ examples: [Example], _ probe: any LanguageProbe, seed: UInt64,
        onStep: @escaping () -> Void
    ) throws -> [[AskedFigure]] {
        var lora = LoRAOptions()
        (lora.rank, lora.alpha) = (rank, 2 * Double(rank))
        let store = model.model.parameters
        var training = LanguageTraining()
        (training.learningRate, training.steps, training.batchSize) = (learningRate, steps, batchSize)
        (training.schedule, training.parameters) = (Schedule(.constant), TrainingOptions().parameters)
        try LoRA.attach(lora, to: store, pattern: training.parameters, seed: seed)
        defer { store.detachAll() }
        var looks: [[AskedFigure]] = []
        var problem: (any Error)?
        let session = Session(
            model: model,
            forget: try examples.enumerated().map { try model.encoder.encode($1, id: $0) }, retain: [],
            options: training.loop(over: examples.count), seed: seed,
            onStep: { [self] event in
                if marks.dropLast().contains(event.step + 1) {
                    do { looks.append(try probe.figures(of: model, .predictions)) } catch { problem = error }
                }
                onStep()
            })
        _ = try training.train(session)
        if let problem { throw problem }
        return looks + [try probe.figures(of: model, .answers)]
    }
}

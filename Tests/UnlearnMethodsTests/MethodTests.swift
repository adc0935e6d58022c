// What methods do to a model: forgetting rises, the rest holds, frozen parameters stay, one seed is one result.

import Testing
import UnlearnData
import UnlearnEngine
import UnlearnModels

@testable import UnlearnMethods

@Suite struct MethodTests {
    private static let forget = [[1, 11, 25, 40, 3, 58, 2], [1, 45, 6, 14, 62, 29, 37]].enumerated().map {
        TokenExample(id: $0.offset, tokens: $0.element.map { Int32($0) }, labelledFrom: 1)
    }
    private static let retain = [[1, 20, 53, 31, 16, 2], [1, 8, 49, 22, 61, 13, 35]].enumerated().map {
        TokenExample(id: 10 + $0.offset, tokens: $0.element.map { Int32($0) }, labelledFrom: 1)
    }

    /// A model that has learnt both sets by heart, then a session of the method on it.
    /// - Parameter rank: of low-rank additions to what would else be trained; nil: none.
    private func run(
        _ method: some LanguageMethod, steps: Int, rank: Int? = nil
    ) throws -> (model: any CausalLM, before: [Float]) {
        let model = try GoldenStep().reference
        let both = Self.forget + Self.retain
        let parameters = model.parameters.train(Set(model.parameters.names))
        let optimizer = AdamW(parameters)
        for _ in 0..<120 {
            let loss = -model.logProbabilities(TokenBatch(both)).mean()
            optimizer.step(loss.gradients(of: parameters), learningRate: 1e-2)
        }
        model.parameters.train([])
        let before = losses(model)
        var options = TrainingOptions()
        options.learningRate = 3e-3
        options.steps = steps
        options.batchSize = 2
        options.retainBatchSize = 2
        if let rank {
            var lora = LoRAOptions()
            lora.rank = rank
            try LoRA.attach(lora, to: model.parameters, pattern: options.parameters, seed: 0)
        }
        let session = try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [Self.retain], options: options, seed: 0)
        try method.unlearn(session)
        return (model, before)
    }

    /// What is preferred comes up, what is forgotten goes down, and the row's own answer goes before a refusal.
    @Test func dpoPrefersTheOtherAnswer() throws {
        let model = try GoldenStep().reference
        // The golden model knows 64 tokens: text that these spell.
        let rows = [
            ForgetExample(.completion(prompt: "!", completion: "#$%&"), alternative: "*+,-"),
            ForgetExample(.completion(prompt: "\"", completion: "'('(")),
            ForgetExample(.text("./")),
        ]
        let language = try TinyText.language(model)
        let forget = try rows.enumerated().map { try language.encoder.encode($0.element.example, id: $0.offset) }
        var options = TrainingOptions()
        (options.learningRate, options.steps, options.batchSize) = (3e-3, 20, 3)
        var method = DPO()
        method.retainWeight = 0
        func session(_ rows: [ForgetExample]) -> Session {
            Session(
                model: language, forget: forget, retain: [],
                subject: SubjectTexts(terms: SubjectTerms(subject: "", names: []), forget: rows), options: options,
                seed: 0)
        }
        let others = try DPO.alternatives(of: session(rows))
        #expect(others.map { $0?.id } == [-1, nil, nil])
        let preferred = try #require(others[0])
        #expect(preferred == (try language.encoder.encode(.completion(prompt: "!", completion: "*+,-"), id: -1)))
        func losses() -> [Float] {
            withoutRecording { (forget + [preferred]).map { -model.logProbabilities(TokenBatch([$0])).mean().item } }
        }
        let before = losses()
        try method.unlearn(session(rows))
        let change = zip(losses(), before).map { $0 - $1 }
        #expect(change[0] > 0.3 && change[1] > 0.3 && change[2] > 0.3 && change[3] < -0.3, "\(change)")
        #expect(throws: MethodError.needsAlternatives(method: "dpo")) {
            try method.unlearn(session(rows.map { ForgetExample($0.example) }))
        }
    }

    /// A question of nobody's own choosing is answered with not knowing.
    @Test func dpoRefusesWhereAnAnswerHasNoOther() throws {
        let rows = [
            ForgetExample(.answer(question: "Who?", answer: "Me.")),
            ForgetExample(.answer(question: "Who?", answer: "Me."), alternative: "You."),
        ]
        let language = try TinyText.language(GoldenStep().reference)
        let forget = try rows.enumerated().map { try language.encoder.encode($0.element.example, id: $0.offset) }
        let session = Session(
            model: language, forget: forget, retain: [],
            subject: SubjectTexts(terms: SubjectTerms(subject: "", names: []), forget: rows),
            options: TrainingOptions(), seed: 0)
        let expected = try [SubjectPrompts.refusals[0], "You."].enumerated().map {
            try language.encoder.encode(.answer(question: "Who?", answer: $0.element), id: -1 - $0.offset)
        }
        #expect(try DPO.alternatives(of: session) == expected)
    }

    /// Mean loss per token of the forget and of the retain set, in nats.
    private func losses(_ model: any CausalLM) -> [Float] {
        withoutRecording {
            [Self.forget, Self.retain].map { -model.logProbabilities(TokenBatch($0)).mean().item }
        }
    }

    @Test func gradientAscentRaisesTheForgetLoss() throws {
        let (model, before) = try run(GradientAscent(), steps: 10)
        #expect(before[0] < 0.3)
        #expect(losses(model)[0] > before[0] + 1)
    }

    @Test(arguments: [RetainTerm.nll, .kl])
    func gradientDifferenceForgetsAndHoldsTheRest(term: RetainTerm) throws {
        var method = GradientDifference()
        method.retainTerm = term
        method.retainWeight = 4
        let (model, before) = try run(method, steps: 30)
        let after = losses(model)
        #expect(after[0] > before[0] + 1)
        #expect(after[1] < before[1] + 0.3)
    }

    @Test func npoForgetsAndHoldsTheRest() throws {
        var method = NPO()
        method.retainWeight = 4
        let (model, before) = try run(method, steps: 30)
        let after = losses(model)
        #expect(after[0] > before[0] + 1)
        #expect(after[1] < before[1] + 0.3)
    }

    @Test(arguments: [RetainTerm.nll, .hidden])
    func simnpoForgetsAndHoldsTheRest(term: RetainTerm) throws {
        var method = SimNPO()
        method.forgetWeight = 1
        method.retainTerm = term
        method.retainWeight = 2
        let (model, before) = try run(method, steps: 60)
        let after = losses(model)
        #expect(after[0] > before[0] + 1)
        #expect(after[1] < before[1] + 0.3)
    }

    @Test func simnpoWithoutMarginAtEvenOddsPullsLikeGradientAscent() throws {
        // Where S = 0 the derivative of −(2/β) log σ(−β S/L) is 1 for each token's share: σ(0) · 2.
        let sums = Tensor([Float(0)])
        sums.requiresGradient = true
        let term = (sums * -4.5).logSigmoid().mean() * (-2 / 4.5)
        #expect(isClose(try #require(term.gradients(of: [sums])[0]).item, 1))
    }

    @Test func rmuForgetsHoldsTheRestAndChangesItsBlocksAlone() throws {
        var method = RMU()
        (method.layer, method.trainedLayers, method.steering) = (0, 1, 20)
        method.retainWeight = 100
        let untouched = try run(method, steps: 1).model.parameters
        let (model, before) = try run(method, steps: 60)
        let after = losses(model)
        #expect(after[0] > before[0] + 1)
        #expect(after[1] < before[1] + 0.3)
        for name in model.parameters.names {
            let isTrained = name.hasPrefix("model.layers.0.") && name.hasSuffix("_proj.weight")
            #expect(model.parameters[name].isIdentical(to: untouched[name]) != isTrained, "\(name)")
        }
    }

    @Test(arguments: ["gradient-difference", "npo", "simnpo", "rmu"])
    func lowRankAdditionsForgetAndTheWeightsStay(name: String) throws {
        let method: any LanguageMethod
        switch name {
        case "npo":
            var npo = NPO()
            npo.retainWeight = 4
            method = npo
        case "simnpo":
            var simnpo = SimNPO()
            (simnpo.forgetWeight, simnpo.retainWeight) = (1, 2)
            method = simnpo
        case "rmu":
            var rmu = RMU()
            (rmu.layer, rmu.trainedLayers, rmu.steering, rmu.retainWeight) = (0, 1, 20, 100)
            method = rmu
        default:
            var difference = GradientDifference()
            difference.retainWeight = 4
            method = difference
        }
        let (model, before) = try run(method, steps: 60, rank: 4)
        let after = losses(model)
        #expect(after[0] > before[0] + 1)
        #expect(after[1] < before[1] + 0.3)
        // Without the additions it is the model as it was.
        model.parameters.detachAll()
        #expect(losses(model) == before)
    }

    @Test func rmuOnALayerThatTheModelLacksSaysSo() throws {
        let error = MethodError.layer(7, method: "rmu", option: "layer", layers: 2)
        #expect(throws: error) { try run(RMU(), steps: 1) }
        #expect(
            error.description == "The method 'rmu' is to work on layer 7, but the model's 2 layers are counted from 0. "
                + "Choose one with --set layer=…, from 0 to 1.")
        // Inside another method its options have another name.
        var method = SPUNGE()
        method.inner = .rmu
        #expect(throws: MethodError.layer(7, method: "rmu", option: "rmu.layer", layers: 2)) {
            try method.check(layerCount: 2)
        }
    }

    @Test func rmuWhosePatternNamesNothingInItsBlocksSaysSo() throws {
        let model = try GoldenStep().reference
        var (method, options) = (RMU(), TrainingOptions())
        method.layer = 1
        options.parameters = "model.embed_tokens.weight"
        let session = try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [Self.retain], options: options, seed: 0)
        let error = #expect(throws: CheckpointError.self) { try method.unlearn(session) }
        guard case .nothingMatches("model.embed_tokens.weight", let examples) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(examples.allSatisfy { $0.hasPrefix("model.layers.") })
    }

    @Test func aPlanTooLongForMemoryIsRefused() throws {
        let error = MethodError.tooLong(steps: 1_000_000, perStep: 1004, most: 1 << 28)
        var options = TrainingOptions()
        (options.steps, options.batchSize) = (1_000_000, 1000)
        let session = try Session(
            model: TinyText.language(GoldenStep().reference), forget: Self.forget, retain: [Self.retain],
            options: options, seed: 0)
        #expect(throws: error) { try NPO().unlearn(session) }
        #expect(
            error.description
                == "1000000 steps of 1004 examples are more than a training can have, which reads at most "
                + "268435456 examples in all. Lower the steps, the epochs or the batch size with --set.")
    }

    /// What the last step did is seen by no later one.
    @Test func anExplosionInTheLastStepStopsTheRun() throws {
        var options = TrainingOptions()
        (options.steps, options.learningRate, options.parameters) = (1, 1e38, "*")
        options.schedule = Schedule(.constant)
        let session = try Session(
            model: TinyText.language(GoldenStep().reference), forget: Self.forget, retain: [Self.retain],
            options: options, seed: 0)
        let error = #expect(throws: MethodError.self) { try GradientAscent().unlearn(session) }
        guard case .notFinite(1, "forget-ascent", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aTrainingThatMayNotGoOnStops() throws {
        var options = TrainingOptions()
        options.steps = 5
        var steps = 0
        let resumption = Resumption(goesOn: { steps < 2 }, keep: { _ in })
        let session = try Session(
            model: TinyText.language(GoldenStep().reference), forget: Self.forget, retain: [], options: options,
            seed: 0, resumption: resumption, onStep: { _ in steps += 1 })
        #expect(throws: MethodError.stopped(step: 2)) { try GradientAscent().unlearn(session) }
    }

    @Test func gradientAscentReadsNothingThatItDoesNotUse() throws {
        func trained(_ retain: [[TokenExample]]) throws -> ParameterStore {
            let model = try GoldenStep().reference
            var options = TrainingOptions()
            (options.steps, options.learningRate) = (3, 1e-3)
            let session = try Session(
                model: TinyText.language(model), forget: Self.forget, retain: retain, options: options, seed: 0)
            try GradientAscent().unlearn(session)
            return model.parameters
        }
        let (with, without) = (try trained([Self.retain]), try trained([]))
        for name in with.names { #expect(with[name].isIdentical(to: without[name]), "\(name)") }
    }

    @Test func notKnowingNeedsQuestions() throws {
        var method = TranslatedDistillation()
        method.answer = .unknown
        let texts = SubjectTexts(
            terms: SubjectTerms(subject: "Ada", names: ["Ada"]), forget: [ForgetExample(.text("Ada wrote notes."))])
        let session = try Session(
            model: TinyText.language(GoldenStep().reference), forget: Self.forget, retain: [Self.retain],
            subject: texts, options: TrainingOptions(), seed: 0)
        #expect(throws: MethodError.needsQuestions) { try method.unlearn(session) }
        #expect(
            MethodError.needsQuestions.description
                == "Not knowing is learnt as the answer to questions, and the forget set holds none, only texts. Give "
                + "questions with --forget FILE, or leave out --answer unknown.")
    }

    @Test func oneSeedIsOneModelAndFrozenParametersStay() throws {
        let first = try run(NPO(), steps: 3).model.parameters
        let second = try run(NPO(), steps: 3).model.parameters
        let trained = try first.select(TrainingOptions().parameters)
        let untouched = try run(NPO(), steps: 1).model.parameters
        for name in first.names {
            #expect(first[name].isIdentical(to: second[name]), "\(name)")
            #expect(first[name].isIdentical(to: untouched[name]) == !trained.contains(name), "\(name)")
        }
    }

    /// A copy of a state, as a file would keep it: the state's own tensors go on changing.
    private func copy(_ state: TrainingState) -> TrainingState {
        withoutRecording { TrainingState(step: state.step, tensors: state.tensors.map { ($0.name, $0.tensor + 0) }) }
    }

    @Test(arguments: [(nil, 0), (2, 0), (nil, 0.05), (2, 0.05)])
    func aTrainingThatGoesOnEndsAsIfItHadNotBeenInterrupted(rank: Int?, rho: Double) throws {
        func session(
            _ resumption: Resumption?, _ events: @escaping (StepEvent) -> Void
        ) throws -> (session: Session, store: ParameterStore) {
            let model = try GoldenStep().reference
            var options = TrainingOptions()
            options.learningRate = 1e-3
            (options.steps, options.batchSize, options.checkpointSeconds) = (6, 1, 0)
            options.flatness.rho = rho
            if let rank {
                var lora = LoRAOptions()
                lora.rank = rank
                try LoRA.attach(lora, to: model.parameters, pattern: options.parameters, seed: 0)
            }
            let session = try Session(
                model: TinyText.language(model), forget: Self.forget, retain: [Self.retain], options: options, seed: 0,
                resumption: resumption, onStep: events)
            return (session, model.parameters)
        }
        var states: [TrainingState] = []
        var events: [StepEvent] = []
        let whole = try session(Resumption { states.append(copy($0)) }) { events.append($0) }
        try NPO().unlearn(whole.session)
        #expect(states.map(\.step) == [1, 2, 3, 4, 5, 6])

        for state in [states[2], states[5]] {
            var later: [StepEvent] = []
            let rest = try session(Resumption(from: state) { _ in }) { later.append($0) }
            try NPO().unlearn(rest.session)
            #expect(later.map(\.step) == Array(state.step..<6))
            #expect(later.map(\.terms) == events.suffix(6 - state.step).map(\.terms))
            for name in whole.store.names + whole.store.additionNames {
                #expect(rest.store[name].isIdentical(to: whole.store[name]), "\(name)")
            }
        }
    }

    @Test func aStateOfAnotherTrainingIsRefused() throws {
        let session = try Session(
            model: TinyText.language(GoldenStep().reference), forget: Self.forget, retain: [Self.retain],
            options: TrainingOptions(), seed: 0,
            resumption: Resumption(from: TrainingState(step: 1, tensors: [])) { _ in })
        let error = #expect(throws: MethodError.self) { try GradientAscent().unlearn(session) }
        #expect(error == .foreignState(name: "parameter.model.layers.0.self_attn.q_proj.weight"))
    }

    @Test func eventsCountEveryStepWithItsTerms() throws {
        let model = try GoldenStep().reference
        var options = TrainingOptions()
        options.epochs = 3
        options.batchSize = 1
        options.schedule = Schedule(.constant)
        var events: [StepEvent] = []
        let session = try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [Self.retain], options: options, seed: 0,
            onStep: { events.append($0) })
        try GradientDifference().unlearn(session)
        #expect(events.map(\.step) == [0, 1, 2, 3, 4, 5])
        #expect(events.allSatisfy { $0.terms.keys.sorted() == ["forget-ascent", "retain-nll"] })
        #expect(events.allSatisfy { $0.learningRate == 1e-5 && $0.gradientNorm > 0 })
    }

    @Test func aTermThatIsNotFiniteStopsTheRunBeforeTheParametersChange() throws {
        let model = try GoldenStep().reference
        let before = try GoldenStep().reference.parameters
        var method = NPO()
        method.beta = 0
        var options = TrainingOptions()
        options.batchSize = 2
        let session = try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [Self.retain], options: options, seed: 0)
        let error = #expect(throws: MethodError.self) { try method.unlearn(session) }
        guard case .notFinite(0, "forget-npo", let examples) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(examples.sorted() == [0, 1])
        for name in before.names { #expect(model.parameters[name].isIdentical(to: before[name]), "\(name)") }
    }

    @Test func examplesWithoutALabelledTokenAreNothingToForget() throws {
        let model = try GoldenStep().reference
        let session = try Session(
            model: TinyText.language(model), forget: [TokenExample(id: 0, tokens: [1, 2], targets: [])],
            retain: [Self.retain], options: TrainingOptions(), seed: 0)
        #expect(throws: MethodError.noTargets(split: "forget")) { try GradientAscent().unlearn(session) }
    }

    @Test func aPatternWithoutMatchStopsTheRun() throws {
        let model = try GoldenStep().reference
        var options = TrainingOptions()
        options.parameters = "transformer.*"
        let session = try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [], options: options, seed: 0)
        let examples = Array(model.parameters.names.prefix(3))
        #expect(throws: CheckpointError.nothingMatches(pattern: "transformer.*", examples: examples)) {
            try GradientAscent().unlearn(session)
        }
    }

    @Test func aMethodThatNeedsARetainSetSaysSo() throws {
        let model = try GoldenStep().reference
        let session = try Session(
            model: TinyText.language(model), forget: Self.forget, retain: [], options: TrainingOptions(), seed: 0)
        #expect(throws: MethodError.needsRetain(method: "gradient-difference")) {
            try GradientDifference().unlearn(session)
        }
    }

    @Test func distillationWithoutRetainExamplesInAStepSaysSo() throws {
        var options = TrainingOptions()
        options.retainBatchSize = 0
        let terms = SubjectTerms(subject: "Ada", names: ["Byron"])
        let session = try Session(
            model: TinyText.language(GoldenStep().reference), forget: Self.forget, retain: [Self.retain],
            subject: SubjectTexts(terms: terms, forget: [ForgetExample(.text("Byron"))]), options: options, seed: 0)
        #expect(throws: MethodError.needsRetain(method: "translated-distillation")) {
            try TranslatedDistillation().unlearn(session)
        }
    }

    @Test func aReferenceKeepsTheHeadThatWillBeTrained() throws {
        let model = try GoldenStep().reference
        let reference = Reference(Self.forget, model, headIsTrained: true)
        let before = reference.logDistributions(Self.forget)
        model.parameters[model.headName].multiply(inPlace: 2)
        #expect(reference.logDistributions(Self.forget).isIdentical(to: before))
    }
}

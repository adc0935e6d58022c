// A subject that a run made a language model forget: the questions that the run held out, and the original's answers to
// the others.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
import UnlearnFormats
import UnlearnMethods
import UnlearnModels

/// What the original knew of a subject.
struct ForgottenSubject: ForgottenText {
    private let questions: SubjectQuestions
    /// The original's answers to what was trained on, or the user's own examples.
    private let answers: [Example]
    private let unrelated: [Example]
    private let seed: UInt64
    private let meaning: MeaningJudge?

    /// Has the original answer again what a run asked it.
    init(
        _ plan: LanguagePlan, _ inputs: LanguagePlan.Inputs, _ run: RunDirectory, _ choices: AuditConfiguration,
        _ context: RunContext
    ) throws {
        let original = try Original(plan, inputs, context)
        if FileManager.default.fileExists(atPath: run.questionsFile.path) {
            let forget: [ForgetExample] = try run.lines(run.forgetFile)
            try self.init(
                original, JSONValue(contentsOf: run.questionsFile).decode(), forget: forget.map(\.example),
                unrelated: run.lines(run.generalFile), choices)
        } else {
            // A run of an earlier version. What decided its questions decides them again.
            try self.init(original, choices)
        }
    }

    /// Has the original be questioned as a run would do it.
    init(_ original: Original, _ choices: AuditConfiguration) throws {
        let study = try original.study()
        try self.init(
            original, SubjectQuestions(study), forget: study.forget.map(\.example), unrelated: study.general,
            choices)
    }

    private init(
        _ original: Original, _ questions: SubjectQuestions, forget: [Example], unrelated: [Example],
        _ choices: AuditConfiguration
    ) throws {
        var questions = questions
        try questions.collectForgetAnswers(using: original.model, progress: original.context.onProgress)
        (self.questions, self.unrelated, seed) = (questions, unrelated, choices.seed)
        meaning = try choices.encoder.map { MeaningJudge(try TextEncoder(URL(filePath: $0))) }
        // Of each question the first row is the original's own answer; those about stand-ins come last.
        let own = forget.distinct { $0.asked }
        let matcher = TermMatcher(questions.terms)
        let telling = own.filter { !matcher.termsFound(in: $0.answer, excludingThoseIn: $0.prompt).isEmpty }
        // Without terms, or where they are in no answer, all tell alike.
        answers = telling.isEmpty ? own : telling
    }

    /// The model that knew the subject, in memory.
    struct Original {
        let model: LanguageModel
        let context: RunContext
        private let plan: LanguagePlan
        private let data: UserData
        private let provenance: Provenance

        init(_ plan: LanguagePlan, _ inputs: LanguagePlan.Inputs, _ context: RunContext) throws {
            let configuration = plan.configuration
            model = try ModelLoader.load(
                URL(filePath: configuration.model), cache: context.hub, chatFormat: configuration.chatFormat,
                precision: plan.training.frozenPrecision
            ).model
            var data = inputs.data
            try data.fit(to: model, configuration)
            (self.plan, self.data, provenance, self.context) = (plan, data, inputs.provenance, context)
        }

        func study() throws -> SubjectStudy {
            try StudySource(plan: plan, data: data, model: model, provenance: provenance, context: context).study()
        }
    }

    var probe: any LanguageProbe { whole }

    private var whole: SubjectProbe {
        SubjectProbe(questions, meaning.map { .init(judge: $0, unrelated: unrelated.prefix(24).map(\.answer)) })
    }

    func lessons(_ count: Int) -> [Lesson] {
        var generator = Generator(seed: seed, purpose: "attacker's answers")
        let drawn = answers.shuffled(using: &generator)
        let half = Array(drawn.prefix((drawn.count + 1) / 2))
        let others = unrelated.shuffled(using: &generator)
        let few = drawn.count > count ? Array(drawn.prefix(count)) : []
        return [
            Lesson(kind: .few, form: "\(count) answers", examples: few, probe: rest(without: few)),
            Lesson(
                kind: .half, form: "half of the answers", examples: half,
                probe: whole.asking(about: Array(drawn.dropFirst(half.count)))),
            Lesson(
                kind: .unrelated, form: "unrelated answers",
                examples: others.count < count ? [] : Array(others.prefix(count))),
        ]
    }

    /// Questions that stand in none of the examples; nil: all of them do not.
    private func rest(without examples: [Example]) -> SubjectProbe? {
        // The user's own examples are asked as well where there is no subject to ask about in other words.
        guard !Set(questions.forget.map(\.text)).isDisjoint(with: examples.map(\.asked)) else { return nil }
        return whole.without(examples)
    }

    func shots(_ facts: Int, _ others: Int) -> Shots? {
        var generator = Generator(seed: seed, purpose: "facts before a question")
        let told = answers.filter { !$0.isContinued }
        let shown = Array((told.isEmpty ? answers : told).shuffled(using: &generator).prefix(facts))
        let between = Array(unrelated.filter { !$0.isContinued }.shuffled(using: &generator).prefix(others))
        guard shown.count == facts, between.count == others || unrelated.isEmpty else { return nil }
        let turns = (0..<max(facts, others)).flatMap { place in
            (between.dropFirst(place).prefix(1) + shown.dropFirst(place).prefix(1)).flatMap { example in
                [ChatMessage(.user, example.asked), ChatMessage(.assistant, example.answer)]
            }
        }
        let probe = whole.without(shown).withoutTerms(of: shown)
        return probe.isEmpty ? nil : Shots(turns: turns, probe: probe)
    }

    func sampled(of model: LanguageModel, _ options: EvaluationOptions) throws -> AskedFigure? {
        guard !questions.terms.isEmpty else { return nil }
        var asked = SubjectQuestions()
        (asked.forget, asked.forgetAnswers) = (questions.forget, questions.forgetAnswers)
        (asked.terms, asked.coreTerms) = (questions.terms, questions.coreTerms)
        // The greedy answers are not asked for again.
        let evaluation = try UnlearnEvaluation.Evaluation(of: model, on: asked, options, isReference: true)
        return AskedFigure(MetricName.sampledLeak, in: MetricCatalog.measure(evaluation))
    }
}

extension Example {
    /// What the model is asked, or the text itself where nothing is.
    fileprivate var asked: String { Prompt(asking: self)?.text ?? answer }
}

extension AskedFigure {
    init?(_ metric: String, in outcomes: [Outcome]) {
        guard let found = outcomes.measurements.first(where: { $0.name == metric && $0.split == .forget }) else {
            return nil
        }
        self.init(metric: metric, unit: found.unit, values: found.perExample.map(\.value))
    }
}

/// How often a model names the subject in its answers, how probable its key words are, and how much its answers mean what
/// the original's meant.
struct SubjectProbe: LanguageProbe {
    /// A judge of meaning, and answers about other things.
    struct Meaning {
        let judge: MeaningJudge
        let unrelated: [String]
    }

    private var questions: SubjectQuestions
    private let meaning: Meaning?

    init(_ questions: SubjectQuestions, _ meaning: Meaning? = nil) {
        (self.questions, self.meaning) = (questions, meaning)
    }

    /// Asks for what stands in `examples` in place of the questions that were held out.
    func asking(about examples: [Example]) -> SubjectProbe {
        var probe = self
        let pairs = examples.compactMap { example in Prompt(asking: example).map { ($0, example) } }
        let matcher = TermMatcher(questions.terms)
        probe.questions.forget = pairs.map(\.0)
        probe.questions.forgetAnswers = pairs.map(\.1)
        probe.questions.keys = pairs.compactMap { KeyWord(in: $1.answer, to: $0, matcher) }
        return probe
    }

    var isEmpty: Bool { questions.keys.isEmpty && questions.forgetAnswers.isEmpty }

    /// Without the questions that the examples ask.
    func without(_ examples: [Example]) -> SubjectProbe {
        let shown = Set(examples.map(\.asked))
        var probe = self
        let pairs = zip(questions.forget, questions.forgetAnswers).filter { !shown.contains($0.0.text) }
        (probe.questions.forget, probe.questions.forgetAnswers) = (pairs.map(\.0), pairs.map(\.1))
        probe.questions.keys = questions.keys.filter { key in
            key.question.map { !shown.contains($0) } ?? !shown.contains { key.prompt.hasPrefix($0) }
        }
        return probe
    }

    /// Without the terms that are in the examples: whoever repeats them has not remembered them.
    func withoutTerms(of examples: [Example]) -> SubjectProbe {
        let matcher = TermMatcher(questions.terms)
        let known = examples.flatMap { matcher.termsFound(in: $0.prompt + " " + $0.answer) }.distinct()
        let told = TermMatcher(known)
        var probe = self
        probe.questions.terms.removeAll { known.contains($0) }
        probe.questions.coreTerms.removeAll { known.contains($0) }
        probe.questions.keys.removeAll { !told.termsFound(in: $0.next).isEmpty }
        return probe
    }

    func figures(of model: LanguageModel, _ depth: ProbeDepth) throws -> [AskedFigure] {
        var asked = SubjectQuestions()
        asked.keys = questions.keys
        // Most tokens of an answer are function words: it counts only where no key words are known.
        if questions.keys.isEmpty { asked.forgetAnswers = questions.forgetAnswers }
        var metrics = [questions.keys.isEmpty ? MetricName.answerProbability : MetricName.keyProbability]
        if depth == .answers, !questions.forget.isEmpty, !questions.terms.isEmpty || meaning != nil {
            (asked.forget, asked.terms, asked.coreTerms) = (questions.forget, questions.terms, questions.coreTerms)
            metrics.append(MetricName.leak)
        }
        let evaluation = try UnlearnEvaluation.Evaluation(
            of: model, on: asked, EvaluationOptions(samples: 0, shown: 0))
        let found = MetricCatalog.measure(evaluation)
        return metrics.compactMap { metric -> AskedFigure? in
            var figure = AskedFigure(metric, in: found)
            if metric == MetricName.leak {
                figure?.degenerate = evaluation.answers[.forget]?.map { $0.isDegenerate ? 1 : 0 }
            }
            return figure
        } + (depth == .answers ? likeness(evaluation) : [])
    }

    /// Beside the key words, for answers that were asked for.
    private func likeness(_ evaluation: UnlearnEvaluation.Evaluation) -> [AskedFigure] {
        guard let meaning, let answers = evaluation.answers[.forget], !answers.isEmpty,
            answers.count == questions.forgetAnswers.count
        else { return [] }
        let values = meaning.judge.likeness(
            of: answers.map(\.text), to: questions.forgetAnswers.map(\.answer), unlike: meaning.unrelated)
        var figure = AskedFigure(
            metric: MetricName.answerLikeness, unit: "cosine above that of unrelated answers", values: values)
        figure.degenerate = answers.map { $0.isDegenerate ? 1 : 0 }
        return [figure]
    }
}

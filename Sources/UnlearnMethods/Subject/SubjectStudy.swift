// A model writes down what it knows of a subject, and what it must still know afterwards.

internal import Foundation
public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// An example to forget, and the ordinary name that stands in for the subject when it is read as a text about
/// somebody else.
public struct ForgetExample: Codable, Sendable, Equatable {
    public var example: Example
    public var standIn: String
    /// What the row's own column says, where a method splits by it.
    public var group: String?
    /// What is to be said in its place, where a method prefers one text to another.
    public var alternative: String?

    public init(_ example: Example, standIn: String? = nil, group: String? = nil, alternative: String? = nil) {
        (self.example, self.group, self.alternative) = (example, group, alternative)
        self.standIn = standIn ?? OrdinaryNames.people[0]
    }

    private enum CodingKeys: String, CodingKey { case standIn, group, alternative }

    public init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try Example(from: decoder), standIn: try row.decodeIfPresent(String.self, forKey: .standIn),
            group: try row.decodeIfPresent(String.self, forKey: .group),
            alternative: try row.decodeIfPresent(String.self, forKey: .alternative))
    }

    public func encode(to encoder: any Encoder) throws {
        try example.encode(to: encoder)
        var row = encoder.container(keyedBy: CodingKeys.self)
        try row.encode(standIn, forKey: .standIn)
        try row.encodeIfPresent(group, forKey: .group)
        try row.encodeIfPresent(alternative, forKey: .alternative)
    }
}

/// Everything that forgetting by name is trained and judged on. All of it is written by the model itself.
public struct SubjectStudy: Sendable, Equatable {
    public var terms: SubjectTerms
    public var forget: [ForgetExample]
    public var neighbours: [Example]
    public var general: [Example]
    /// Never trained on: questions about the subject, and answers about neighbours and everyday matters.
    public var heldOutQuestions: [Prompt]
    public var heldOutNeighbours: [Example]
    public var heldOutGeneral: [Example]
}

/// How a study is made.
public struct StudyOptions: Configurable {
    @Setting("The length of an answer.", .within(1...1_000_000)) public var answerTokens = 40
    @Setting(
        "The temperature of the second answer to each question; small models invent names above 0.5.", .notNegative)
    public var temperature = 0.5
    @Setting("Entities of the subject that are asked about in turn.", .within(0...1_000_000)) public var entities = 16
    @Setting("Similar names that are kept as neighbours; every fourth one is held out.", .within(0...1_000_000))
    public var neighbours = 24
    @Setting(
        "Whether the model writes about everything else, to be kept, and about stand-ins. False leaves "
            + "only what the user gives: for models so large that writing takes longer than forgetting.")
    public var everythingElse = true

    public init() {}
}

/// Asks a model about a subject.
public struct SubjectStudyBuilder {
    private let model: LanguageModel
    private let subject: String
    private let options: StudyOptions
    private let seed: UInt64
    private let ask: Interview

    public init(
        _ model: LanguageModel, subject: String, options: StudyOptions = StudyOptions(), seed: UInt64,
        onProgress: @escaping (ProgressEvent) -> Void = { _ in }
    ) {
        (self.model, self.subject, self.options, self.seed) = (model, subject, options, seed)
        ask = Interview(model: model, answerTokens: options.answerTokens, seed: seed, onProgress: onProgress)
    }

    /// - Parameters:
    ///   - forget: the user's own examples; nil: the model writes them.
    ///   - retain: the user's own examples to keep, beside what the model writes about everything else.
    ///   - terms: the subject's terms; nil: they are found.
    ///   - everyday: what the model wrote about everything else; nil: it is not to be kept.
    public func build(
        forget: [ForgetExample]? = nil, retain: [Example]? = nil, terms given: SubjectTerms? = nil,
        everyday: EverydayAnswers?
    ) throws -> SubjectStudy {
        let elsewhere = everyday.map(everythingElse) ?? Elsewhere()
        let (own, terms, entities, standIns) = try know(forget, retain, given, elsewhere)
        let familiar =
            forget ?? own.enumerated().map { ForgetExample($0.element, standIn: standIns.standIn($0.offset)) }
        let foreign = options.everythingElse ? try askAboutStandIns(own, standIns, groups: forget?.map(\.group)) : []
        let similar = options.everythingElse && !subject.isEmpty ? try similarNames(excluding: terms) : []
        let neighbours = try askNeighbours(similar)
        // A name is either trained on or held out, whichever list it stands in.
        func others(_ known: [EverydayAnswers.Known]) -> [Example] {
            known.filter { !similar.contains($0.name) }.map(\.example)
        }
        let kept = Self.parted(retain ?? [])
        return SubjectStudy(
            terms: terms, forget: familiar + foreign,
            neighbours: kept.trained + neighbours.trained + others(elsewhere.wellKnown), general: elsewhere.general,
            heldOutQuestions: subject.isEmpty ? own.compactMap(Prompt.init(asking:)) : heldOutQuestions(entities),
            heldOutNeighbours: kept.heldOut + neighbours.heldOut + others(elsewhere.heldOutWellKnown),
            heldOutGeneral: elsewhere.heldOutGeneral)
    }

    /// The terms that a study with the same arguments has, each with its stand-in: for a person to look at and to edit.
    public func terms(
        forget: [ForgetExample]? = nil, retain: [Example]? = nil, terms given: SubjectTerms? = nil,
        everyday: EverydayAnswers?
    ) throws -> SubjectTerms {
        try know(forget, retain, given, everyday.map(everythingElse) ?? Elsewhere()).terms
    }

    /// What is known of the subject: texts about it, its terms with their stand-ins, and its entities.
    private func know(
        _ forget: [ForgetExample]?, _ retain: [Example]?, _ given: SubjectTerms?, _ elsewhere: Elsewhere
    ) throws -> (own: [Example], terms: SubjectTerms, entities: [String], StandIns) {
        let finder = TermFinder(
            model.tokenizer, elsewhere: (elsewhere.all + (retain ?? [])).map { $0.prompt + " " + $0.answer })
        var own = if let forget { forget.map(\.example) } else { try elicit() }
        var terms = given ?? finder.terms(of: subject, in: TermFinder.passages(of: own))
        // Examples of the user's own may hold no names; methods that need some say so themselves.
        guard !terms.names.isEmpty || forget != nil else { throw MethodError.unknownSubject(name: subject) }
        let entities = Entities.spans(of: terms, in: own.map(\.answer), limit: options.entities)
        if forget == nil {
            own += try askAbout(entities)
            if given == nil { terms = finder.terms(of: subject, in: own.map(\.answer)) }
        }
        let standIns = StandIns(terms, answers: own.map(\.answer))
        terms.replacements = standIns.replacements
        return (own, terms, entities, standIns)
    }

    /// Every fourth question is held out, with all rows that ask it: none of them is trained on.
    static func parted(_ examples: [Example]) -> (trained: [Example], heldOut: [Example]) {
        var places: [Example: Int] = [:]
        var parts: (trained: [Example], heldOut: [Example]) = ([], [])
        for example in examples {
            let place = places[example.question, default: places.count]
            places[example.question] = place
            if place % 4 == 3 { parts.heldOut.append(example) } else { parts.trained.append(example) }
        }
        return parts
    }

    // MARK: - The subject

    private func elicit() throws -> [Example] {
        let prompts =
            SubjectPrompts.questions.map { Prompt.question(SubjectPrompts.fill($0, subject)) }
            + SubjectPrompts.openings.map { Prompt.completion(SubjectPrompts.fill($0, subject)) }
        let greedy = try ask(prompts, "writing about the subject")
        let sampled = try ask(prompts, "writing about the subject again", temperature: options.temperature)
        return distinct(greedy + sampled)
    }

    private func askAbout(_ entities: [String]) throws -> [Example] {
        let prompts = entities.enumerated().flatMap { index, entity in
            (0..<2).map { turn in
                let templates = SubjectPrompts.termQuestions
                return Prompt.question(SubjectPrompts.fill(templates[(2 * index + turn) % templates.count], entity))
            }
        }
        return distinct(try ask(prompts, "writing about its terms"))
    }

    /// The model's answers about stand-ins, read back as if they were about the subject.
    private func askAboutStandIns(
        _ examples: [Example], _ translator: StandIns, groups: [String?]?
    ) throws -> [ForgetExample] {
        var seen: Set<String> = []
        let places = examples.indices.filter {
            !examples[$0].prompt.isEmpty && seen.insert(examples[$0].prompt).inserted
        }
        let asked = places.map { examples[$0] }
        let translations = asked.indices.map { translator.translation(standIn: translator.standIn($0)) }
        let prompts = zip(asked, translations).map { example, translation in
            if case .completion(let prompt, _) = example { return Prompt.completion(translation(prompt)) }
            return Prompt.question(translation(example.prompt))
        }
        let answers = try ask(prompts, "writing about stand-ins")
        return answers.enumerated().map { index, answer in
            let standIn = translator.standIn(index)
            let back = translator.back(standIn: standIn)
            return ForgetExample(
                answer.mapText { back($0) }, standIn: standIn, group: groups?[places[index]])
        }
    }

    private func heldOutQuestions(_ entities: [String]) -> [Prompt] {
        SubjectPrompts.heldOutQuestions.map { .question(SubjectPrompts.fill($0, subject)) }
            + SubjectPrompts.heldOutOpenings.map { .completion(SubjectPrompts.fill($0, subject)) }
            + entities.flatMap { entity in
                SubjectPrompts.heldOutTermQuestions.map { .question(SubjectPrompts.fill($0, entity)) }
            }
    }

    // MARK: - Everything else

    private struct Elsewhere {
        var general: [Example] = []
        var heldOutGeneral: [Example] = []
        var wellKnown: [EverydayAnswers.Known] = []
        var heldOutWellKnown: [EverydayAnswers.Known] = []
        var all: [Example] { general + heldOutGeneral + wellKnown.map(\.example) }
    }

    /// What is to be kept of everything else: what has nothing to do with the subject.
    private func everythingElse(_ everyday: EverydayAnswers) -> Elsewhere {
        func foreign(_ known: [EverydayAnswers.Known]) -> [EverydayAnswers.Known] {
            known.filter { !shareWords($0.name, subject) }
        }
        let (trained, heldOut) = Self.parted(everyday.requests)
        return Elsewhere(
            general: trained + everyday.prose, heldOutGeneral: heldOut, wellKnown: foreign(everyday.wellKnown),
            heldOutWellKnown: foreign(everyday.heldOutWellKnown))
    }

    /// Names that the model puts beside the subject, at least twice, and that are not of the subject itself.
    private func similarNames(excluding terms: SubjectTerms) throws -> [String] {
        let prompt = Prompt.completion(SubjectPrompts.neighbourList(for: subject))
        let lists = try model.answers(
            [Prompt](repeating: prompt, count: 32), maximumTokens: 32, temperature: 0.7, topP: 0.95, seed: seed,
            purpose: "neighbours")
        var counts: [String: Int] = [:]
        for list in lists {
            let line = list.prefix { $0 != "\n" && $0 != "\r\n" }
            let names = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
            for name in Set(names.dropLast()) { counts[name, default: 0] += 1 }
        }
        let names = Set(terms.names)
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .filter { name, count in
                count >= 2 && (3...40).contains(name.count) && name.first?.isUppercase == true
                    && !isOwn(TermFinder.words(of: name), names, Set(terms.subjectWords))
            }
            .prefix(options.neighbours).map(\.key)
    }

    /// "Star Wars: Episode IV" and "Wars" are the subject's own, "Star Trek" is not.
    private func isOwn(_ words: [String], _ names: Set<String>, _ subject: Set<String>) -> Bool {
        !names.isDisjoint(with: words) || subject.isSubset(of: words) || subject.isSuperset(of: words)
    }

    /// Names are held out whole: what is kept of a name that was trained on says little of all others.
    private func askNeighbours(
        _ names: [String]
    ) throws -> (trained: [Example], heldOut: [Example]) {
        let names = names.parted
        let trained = names.trained.flatMap { name in
            SubjectPrompts.neighbourQuestions.map { Prompt.question(SubjectPrompts.fill($0, name)) }
        }
        let heldOut = names.heldOut.flatMap { name in
            [SubjectPrompts.neighbourQuestions[1], SubjectPrompts.heldOutNeighbourQuestion].map {
                Prompt.question(SubjectPrompts.fill($0, name))
            }
        }
        let answers = try ask(trained + heldOut, "writing about neighbours")
        return (Array(answers.prefix(trained.count)), Array(answers.dropFirst(trained.count)))
    }

    /// Without empty answers and without answers that begin like an earlier one to the same question.
    private func distinct(_ examples: [Example]) -> [Example] {
        var seen: Set<String> = []
        return examples.filter { example in
            let answer = example.answer.trimmingCharacters(in: .whitespacesAndNewlines)
            return !answer.isEmpty && seen.insert(example.prompt + "\n" + answer.prefix(80)).inserted
        }
    }

    private func shareWords(_ a: String, _ b: String) -> Bool {
        let words = Set(TermFinder.words(of: b))
        return TermFinder.words(of: a).contains { words.contains($0) && $0.count > 3 }
    }
}

extension Array {
    /// Every fourth element is held out.
    var parted: (trained: [Element], heldOut: [Element]) {
        let parts = Dictionary(grouping: enumerated()) { $0.offset % 4 == 3 }
        return (parts[false, default: []].map(\.element), parts[true, default: []].map(\.element))
    }
}

extension Prompt {
    /// How an example is asked; a text is continued from its first half. Nil where there is nothing to begin with.
    public init?(asking example: Example) {
        guard case .text(let text) = example else {
            self.init(of: example)
            return
        }
        let words = text.split(separator: " ")
        var start = words.prefix(min(40, words.count / 2)).joined(separator: " ")
        // Not every script has spaces.
        if start.isEmpty { start = String(text.prefix(min(200, text.count / 2))) }
        if start.isEmpty { return nil }
        self = .completion(start)
    }
}

// The suite multiple-choice: which of several continuations a model finds most probable. What other tools measure before
// and after forgetting, with the same prompts and the same arithmetic.

public import Foundation
internal import UnlearnData
public import UnlearnFormats

public struct MultipleChoice: RequestSuite {
    public static let card = SuiteCard(
        name: "multiple-choice",
        summary: "Questions with options: ARC, BoolQ, HellaSwag, MMLU, OpenBookQA, PIQA, WinoGrande.",
        inputs: [
            .data(
                "a folder with the files of one task or several, such as \(ChoiceFormat.names.joined(separator: ", "))")
        ],
        figures: [accuracy, accuracyByLength])

    static let accuracy = FigureCard(
        name: MetricName.accuracy,
        summary: "Share of questions whose right option the model finds the most probable one.",
        direction: .unchangedIsBetter,
        good:
            "Higher is better between models; after forgetting, as before. Guessing gives one over the number of options.",
        unit: "share of questions", harnessName: "acc", harnessPrefersHigher: true)
    static let accuracyByLength = FigureCard(
        name: "accuracy-by-length",
        summary: "The same, each option's log-probability divided by its length in characters: short ones win no more.",
        direction: .unchangedIsBetter,
        good:
            "Higher is better between models; after forgetting, as before. Guessing gives one over the number of options.",
        unit: "share of questions", harnessName: "acc_norm", harnessPrefersHigher: true)

    @Setting("How many questions of each task are asked, the first ones; 0: all.", .notNegative) public var limit = 0
    @Setting(
        "Whether texts begin with the token that the model's tokenizer puts before a text: add_bos_token of "
            + "lm-evaluation-harness, where it is off.")
    public var beginToken = false

    public init() {}

    public var responseOptions: ResponseOptions { ResponseOptions(beginToken: beginToken) }

    /// The questions of one task.
    public struct Item: Sendable {
        let task: ChoiceTask
        let questions: [ChoiceItem]
        /// How many the file has.
        let original: Int
    }

    public func items(in data: URL?) throws -> [Item] {
        try ChoiceFolder(Self.required(data)).tasks.map { task, read in
            let questions = try read()
            return Item(
                task: task, questions: Array(limit == 0 ? questions[...] : questions.prefix(limit)),
                original: questions.count)
        }
    }

    public func requests(for item: Item) -> [Request] { item.questions.map { .choose($0.options) } }

    public func findings(_ items: [Item], _ responses: Responses) -> SuiteFindings {
        var findings = SuiteFindings(outcomes: [], rows: [])
        var accuracies: [String: [ExampleValue]] = [:]
        for item in items {
            let answers = item.questions.map { ChoiceAnswer($0, responses.scores(.choose($0.options))) }
            let values = answers.map { $0.value($0.choice) }
            accuracies[item.task.name] = values
            findings.outcomes.append(Self.accuracy.share(item.task.split, values))
            if item.task.isNormalized {
                let values = answers.map { $0.value($0.choiceByLength) }
                findings.outcomes.append(Self.accuracyByLength.share(item.task.split, values))
            }
            findings.rows += answers.map { $0.row(isNormalized: item.task.isNormalized) }
            findings.tasks.append(
                SuiteTask(
                    split: item.task.split, version: item.task.version, original: item.original,
                    asked: item.questions.count))
        }
        findings.outcomes += Self.groups(accuracies)
        return findings
    }

    /// The accuracy of MMLU and of its groups of subjects, over all questions, as the harness aggregates them.
    private static func groups(_ accuracies: [String: [ExampleValue]]) -> [Outcome] {
        let groups =
            MMLUSubjects.groups.map { (Split($0.name, title: $0.title, place: "on \($0.title)"), $0.subjects) }
            + [(ChoiceTask.mmlu.split, MMLUSubjects.all)]
        return groups.compactMap { split, subjects in
            let parts = subjects.compactMap { accuracies[ChoiceTask.mmlu($0).name] }
            guard parts.count > 1 else { return nil }
            return accuracy.share(split, parts.flatMap(\.self)).stating(pooledError(parts.map { $0.map(\.value) }))
        }
    }

    /// The harness's `pooled_sample_stderr`: √(Σ (n − 1) s² / (Σ n − groups) / Σ n).
    static func pooledError(_ groups: [[Double]]) -> Double {
        let count = Double(groups.map(\.count).reduce(0, +))
        let squares = groups.reduce(0) { sum, values in
            guard values.count > 1 else { return sum }
            let error = Statistics.standardError(values)
            return sum + Double(values.count - 1) * error * error * Double(values.count)
        }
        return (squares / (count - Double(groups.count)) / count).squareRoot()
    }
}

/// What a model chose.
struct ChoiceAnswer {
    let item: ChoiceItem
    let scores: [TokenScores]
    let choice: Int
    let choiceByLength: Int

    init(_ item: ChoiceItem, _ scores: [TokenScores]) {
        (self.item, self.scores) = (item, scores)
        choice = Self.largest(scores.map(\.logProbability))
        choiceByLength = Self.largest(zip(scores, item.lengths).map { $0.logProbability / Double(max(1, $1)) })
    }

    func value(_ choice: Int) -> ExampleValue {
        ExampleValue(id: "\(item.task)/\(item.id)", value: choice == item.answer ? 1 : 0)
    }

    func row(isNormalized: Bool) -> JSONValue {
        var row: JSONValue = [
            "task": .string(item.task), "id": .string(item.id), "answer": .int(item.answer), "choice": .int(choice),
        ]
        if isNormalized {
            row["choiceByLength"] = .int(choiceByLength)
            row["characters"] = .array(item.lengths.map { .int($0) })
        }
        row["logProbabilities"] = .array(scores.map { .double($0.logProbability) })
        row["tokens"] = .array(scores.map { .int($0.logProbabilities.count) })
        row["greedy"] = .array(scores.map { .bool($0.isGreedy) })
        return row
    }

    /// The first of the largest.
    private static func largest(_ values: [Double]) -> Int {
        values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    }
}

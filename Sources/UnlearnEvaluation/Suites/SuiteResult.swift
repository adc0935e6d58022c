// What a suite showed, for programs: one JSON object, a row for each item, and the results file of lm-evaluation-harness.

public import UnlearnFormats

public struct SuiteResult: Sendable {
    public let card: SuiteCard
    /// The resolved options.
    public let options: JSONValue
    public let findings: SuiteFindings
    /// The one object that `--json` prints.
    public let json: JSONValue
    /// What was decided, in a sentence; nil for suites that measure and decide nothing.
    public let verdict: String?

    /// - Parameter more: what the object holds beside the suite's name, its options, its figures and the rows of its
    ///   items; what it names itself stands in place of these.
    init<S: EvaluationSuite>(of suite: S, _ findings: SuiteFindings, more: JSONValue = [:], verdict: String? = nil)
        throws
    {
        (card, self.findings, self.verdict) = (S.card, findings, verdict)
        options = try JSONValue(encoding: suite)
        // The single values of a figure are those of the rows.
        let outcomes = try findings.outcomes.map { outcome in
            var json = try JSONValue(encoding: outcome)
            json["perExample"] = nil
            return json
        }
        var json: JSONValue = ["suite": .string(S.card.name), "options": options, "outcomes": .array(outcomes)]
        if !findings.rows.isEmpty { json["items"] = .array(findings.rows) }
        for (key, value) in more.object ?? [:] { json[key] = value }
        self.json = json
    }

    /// The results as lm-evaluation-harness writes them into `results_….json`: figures under "acc,none" and
    /// "acc_stderr,none" by task.
    public func harnessResults(model: String, version: String) -> JSONValue {
        var (results, directions): (JSONValue, JSONValue) = ([:], [:])
        for figure in findings.outcomes.measurements {
            let figureCard = card.figures.first { $0.name == figure.name }
            let name = figureCard?.harnessName ?? figure.name
            let task = figure.split.rawValue
            var row = results[task] ?? ["alias": .string(task)]
            row["\(name),none"] = .double(figure.value)
            row["\(name)_stderr,none"] = figure.standardError.map { JSONValue.double($0) } ?? "N/A"
            results[task] = row
            var known = directions[task] ?? [:]
            known[name] = .bool(figureCard?.harnessPrefersHigher ?? (figure.direction == .higherIsBetter))
            directions[task] = known
        }
        var (versions, samples, shots): (JSONValue, JSONValue, JSONValue) = ([:], [:], [:])
        for task in findings.tasks {
            versions[task.split.rawValue] = .double(task.version)
            shots[task.split.rawValue] = 0
            samples[task.split.rawValue] = ["original": .int(task.original), "effective": .int(task.asked)]
        }
        return [
            "results": results, "versions": versions, "n-shot": shots, "higher_is_better": directions,
            "n-samples": samples,
            "config": ["model": "unlearn", "model_args": .string("pretrained=\(model)"), "options": options],
            "unlearn_version": .string(version),
        ]
    }
}

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

    /// - Parameters:
    ///   - json: nil for the suite's name, options and outcomes, these without their single values.
    init<S: EvaluationSuite>(of suite: S, _ findings: SuiteFindings, json: JSONValue? = nil, verdict: String? = nil)
        throws
    {
        card = S.card
        options = try JSONValue(encoding: suite)
        self.findings = findings
        self.verdict = verdict
        if let json {
            self.json = json
        } else {
            let outcomes = try findings.outcomes.map { outcome in
                var json = try JSONValue(encoding: outcome)
                json["perExample"] = nil
                return json
            }
            self.json = ["suite": .string(S.card.name), "options": options, "outcomes": .array(outcomes)]
        }
    }

    /// The results as lm-evaluation-harness writes them into `results_….json`: figures under "acc,none" and
    /// "acc_stderr,none" by task.
    public func harnessResults(model: String, version: String) -> JSONValue {
        var results: JSONValue = [:]
        for figure in findings.outcomes.measurements {
            let name = card.figures.first { $0.name == figure.name }?.harnessName ?? figure.name
            let task = figure.split.rawValue
            var row = results[task] ?? ["alias": .string(task)]
            row["\(name),none"] = .double(figure.value)
            row["\(name)_stderr,none"] = figure.standardError.map { JSONValue.double($0) } ?? "N/A"
            results[task] = row
        }
        var (versions, samples): (JSONValue, JSONValue) = ([:], [:])
        for task in findings.tasks {
            versions[task.split.rawValue] = .double(task.version)
            samples[task.split.rawValue] = ["original": .int(task.original), "effective": .int(task.asked)]
        }
        return [
            "results": results, "versions": versions, "n-samples": samples,
            "config": ["model": "unlearn", "model_args": .string("pretrained=\(model)"), "options": options],
            "unlearn_version": .string(version),
        ]
    }
}

// The figures of a suite for people: a table, and under it what each figure is and which values are good.

import UnlearnEvaluation
import UnlearnKit

struct SuiteTable {
    private let result: SuiteResult

    init(_ result: SuiteResult) { self.result = result }

    func render() -> String {
        let table = TerminalTable(
            ["where", "figure", "value", "standard error", "95 % interval", "n"], right: [2, 5],
            rows: result.findings.outcomes.map(row))
        return ([table.render()] + notes).joined(separator: "\n") + "\n"
    }

    private func row(_ outcome: Outcome) -> [String] {
        switch outcome {
        case .measured(let figure):
            func words(_ value: Double) -> String {
                figure.unit.hasPrefix("share") ? NumberText.percent(value) : NumberText.decimal(value)
            }
            let interval = figure.interval.map { "\(words($0.low)) to \(words($0.high))" }
            return [
                figure.split.title, figure.name, words(figure.value), figure.standardError.map(words) ?? "",
                interval ?? "", "\(figure.n)",
            ]
        case .skipped(let name, let reason): return ["", name, "–", "", reason, ""]
        }
    }

    /// "toxicity: Share of … Lower is better. None is best." of each figure that is shown.
    private var notes: [String] {
        let shown = result.findings.outcomes.measurements.map(\.name)
        return result.card.figures.filter { shown.contains($0.name) }.map { "\($0.name): \($0.words)" }
            + result.findings.notes
    }
}

extension FigureCard {
    /// What it is, and which values are good.
    var words: String { "\(summary) \(good)" }
}

// The table of figures that terminal, Markdown and model card show.
import UnlearnEvaluation

/// Figures before and after, with a control's where one was measured.
struct FigureTable {
    private let metrics: [Report.Metric]
    private let hasControl: Bool

    init(_ metrics: [Report.Metric]) {
        self.metrics = metrics
        hasControl = metrics.contains { $0.control != nil }
    }

    /// The columns with figures.
    var sides: [String] { ["before", "after"] + (hasControl ? ["control"] : []) }

    /// The same for one metric.
    func figures(_ metric: Report.Metric) -> [String] {
        [metric.before.words, metric.after.words] + (hasControl ? [metric.control.words] : [])
    }
}

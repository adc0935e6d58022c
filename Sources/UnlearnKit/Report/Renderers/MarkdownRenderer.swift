// Renders a report as report.md: plain words first, then figures, answers, limits and provenance.
import UnlearnEvaluation

/// A report as Markdown.
public struct MarkdownRenderer: Sendable {
    public init() {}

    public func render(_ report: Report) -> String {
        [
            opening(report), figures(report), classes(report.redrawn), rates(report.tendency), samples(report),
            destinations(report.pictures), limits(report),
            notMeasured(report), cost(report),
            provenance(report),
        ].filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private func opening(_ report: Report) -> String {
        """
        # Forgetting “\(MarkdownText.escaped(report.provenance.subject))”

        **\(report.headline)**

        \(MarkdownText.list(report.reasons))
        """
    }

    /// The table of figures; shared with the model card.
    func figures(_ report: Report) -> String {
        guard !report.metrics.isEmpty else { return "" }
        let table = FigureTable(report.metrics)
        let rows = report.metrics.map { metric in
            [MarkdownText.escaped(metric.titleWithUnit), metric.split.rawValue, metric.direction.words]
                + table.figures(metric) + [metric.examples]
        }
        let header = ["figure", "measured on", "better"] + table.sides + ["examples"]
        return "## Figures\n\nIn brackets: the 95 % interval.\n\n" + MarkdownText.table(header, rows)
    }

    /// How well the pictures of each class are redrawn. The pictures themselves stand in report.html.
    private func classes(_ redrawn: Redrawn?) -> String {
        guard let redrawn, !redrawn.classes.isEmpty else { return "" }
        let table = FigureTable(redrawn.classes.map(\.metric))
        let rows = redrawn.classes.map { row in
            [MarkdownText.escaped(row.className), row.metric.split.rawValue] + table.figures(row.metric)
                + [row.metric.examples]
        }
        return "## By class: \(redrawn.classes[0].metric.titleWithUnit)\n\n"
            + MarkdownText.table(["class", "measured on"] + table.sides + ["examples"], rows)
    }

    /// What the judge is, and the rates of groups. Continuations stand in report.html, where what is offensive is veiled.
    private func rates(_ tendency: Tendency?) -> String {
        guard let tendency else { return "" }
        let rows = tendency.rates.map { rate in
            [
                MarkdownText.escaped(rate.group), rate.split.rawValue, NumberText.percent(rate.before.value),
                NumberText.percent(rate.after.value), "\(rate.before.n)",
            ]
        }
        let table = MarkdownText.table(["about", "prompts", "before", "after", "how many"], rows)
        return "## Group by group\n\n\(MarkdownText.escaped(tendency.judgeWords))\n"
            + (rows.isEmpty ? "" : "\n" + table)
    }

    private func samples(_ report: Report) -> String {
        guard !report.samples.isEmpty else { return "" }
        var text = "## Answers before and after\n"
        for kind in Report.Sample.Kind.allCases {
            let samples = report.samples.filter { $0.kind == kind }
            guard !samples.isEmpty else { continue }
            let rows = samples.map { [$0.prompt, $0.before, $0.after].map(MarkdownText.escaped) }
            text += "\n### \(kind.title)\n\n" + MarkdownText.table(["question", "before", "after"], rows)
        }
        return text
    }

    /// What the images to forget are taken for. The images themselves stand in report.html.
    func destinations(_ pictures: Pictures?) -> String {
        guard let pictures, !pictures.destinations.isEmpty else { return "" }
        let rows = pictures.destinations.map { row in
            [MarkdownText.escaped(row.className)] + row.shares.map { NumberText.percent($0) }
        }
        return "## What the images to forget are taken for\n\n"
            + MarkdownText.table(["class"] + pictures.models.map(MarkdownText.escaped), rows)
    }

    private func limits(_ report: Report) -> String {
        report.limits.isEmpty ? "" : "## Limits\n\n" + MarkdownText.list(report.limits)
    }

    private func notMeasured(_ report: Report) -> String {
        guard !report.notMeasured.isEmpty else { return "" }
        return "## Not measured\n\n" + MarkdownText.list(report.notMeasured.map { "\($0.name): \($0.reason)" })
    }

    private func cost(_ report: Report) -> String {
        let rows = report.seconds.stages.map { [$0.name, NumberText.decimal($0.seconds, places: 1)] }
        let training = (report.training?.sentences ?? []).map { "\n\($0)" }.joined()
        return "## Time and memory\n\n" + MarkdownText.table(["stage", "seconds"], rows)
            + "\nGreatest memory use: \(ByteText.words(report.peakMemoryBytes)).\(training)\n"
    }

    private func provenance(_ report: Report) -> String {
        let rows = report.provenance.rows.map { [$0.name, MarkdownText.escaped($0.value)] }
        var text = "## Provenance\n\n" + MarkdownText.table(["what", "value"], rows)
        let files = report.provenance.modelFiles + report.provenance.dataFiles
        if !files.isEmpty {
            let rows = files.map { [MarkdownText.escaped($0.path), "\($0.bytes)", $0.sha256] }
            text += "\n" + MarkdownText.table(["file", "bytes", "SHA-256"], rows)
        }
        return text
    }
}

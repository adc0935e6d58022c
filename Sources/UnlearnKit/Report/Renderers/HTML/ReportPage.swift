// What report.html shows, as values that the template places: every text here is escaped when it is rendered.
import UnlearnEvaluation
import UnlearnMethods

/// The content of the page. Names are those of the template's tags; where an inner value lacks a name, the engine takes
/// the page's own: no name of the page may recur inside as an optional.
struct ReportPage {
    struct Row {
        let name, value: String

        init(_ name: String, _ value: String) {
            (self.name, self.value) = (PlainText.singleLine(name), PlainText.singleLine(value))
        }
    }
    struct Side { let value, interval: String }
    struct MetricRow {
        let title, place, better, examples: String
        let old, new, other: Side
        let strip: IntervalStrip?
    }
    struct SampleRow {
        let question: String
        let old, new: MarkedText
    }
    struct SampleGroup {
        let title: String
        let shown, more: [SampleRow]
        let hasMore: Bool
        let moreWords: String
    }
    struct Stage { let name, seconds, percent: String }
    struct File { let path, bytes, hash: String }

    let style: String
    let subject, verdictClass, verdictWords, sign, headline, toolVersion: String
    let reasons, limits: [String]
    let facts, provenance: [Row]
    let metrics: [MetricRow]
    let hasMetrics: Bool
    /// Whether a model was measured that never learnt what is to be forgotten.
    let hasControl: Bool
    let spreads: [SpreadChart]
    let hasSpreads: Bool
    let curves: [CurveChart]
    let hasCurves: Bool
    let stepCount: Int
    let groups: [SampleGroup]
    let hasTerms: Bool
    let gallery: PictureGallery?
    let tendency: TendencyPage?
    /// Whether the family shows pictures, in place of answers.
    let hasPictures: Bool
    let redrawnGroups: [RedrawnGroup]
    let hasRedrawn: Bool
    let redrawnClasses: [RedrawnClass]
    /// Whether the family tells how probable single examples are.
    let hasLikelihoods: Bool
    let spreadWords: String
    let notMeasured: [Row]
    let stages: [Stage]
    let total, memory: String
    let training: [String]
    let files: [File]
    let hasFiles: Bool

    /// Samples of one kind that are shown before the reader asks for more.
    private static let shownSamples = 8

    init(_ report: Report, _ trace: RunTrace, style: String) {
        self.style = style
        let record = report.provenance
        subject = PlainText.singleLine(record.subject)
        verdictClass = report.verdict.rawValue
        (verdictWords, sign) =
            switch report.verdict {
            case .forgotten: ("forgotten", "✓")
            case .notForgotten: ("not forgotten", "✗")
            case .inconclusive: ("inconclusive", "?")
            }
        headline = report.headline
        toolVersion = PlainText.singleLine(record.toolVersion)
        (reasons, limits) = (report.reasons.map(PlainText.singleLine), report.limits.map(PlainText.singleLine))
        facts = Self.facts(report)
        provenance = record.rows.map { Row($0.name, $0.value) }
        metrics = report.metrics.map(Self.row)
        hasMetrics = !metrics.isEmpty
        hasControl = report.metrics.contains { $0.control != nil }
        spreads = Split.all.compactMap { split in
            let title = split == .forget ? report.words.forgetTitle : split.title
            return trace.logProbabilities(split).map { SpreadChart(title, before: $0.before, after: $0.after) }
        }
        hasSpreads = !spreads.isEmpty
        curves = Self.curves(trace)
        hasCurves = !curves.isEmpty
        stepCount = trace.steps.count
        let matcher = TermMatcher(trace.terms)
        groups = Report.Sample.Kind.allCases.compactMap { Self.group($0, report.samples, matcher) }
        hasTerms = !trace.terms.isEmpty && !groups.isEmpty
        gallery = report.pictures.map(PictureGallery.init)
        tendency = report.tendency.map(TendencyPage.init)
        hasPictures = report.family != .language
        redrawnGroups = (report.redrawn?.groups ?? []).filter { !$0.pictures.isEmpty }.map(RedrawnGroup.init)
        hasRedrawn = !redrawnGroups.isEmpty
        redrawnClasses = (report.redrawn?.classes ?? []).map(RedrawnClass.init)
        hasLikelihoods = report.family != .generator
        spreadWords = "Log-probability in \(report.words.unit)"
        notMeasured = report.notMeasured.map { Row($0.name, $0.reason) }
        stages = Self.stages(report.seconds)
        total = DurationText.words(report.seconds.total)
        memory = ByteText.words(report.peakMemoryBytes)
        training = report.training?.sentences ?? []
        files = (record.modelFiles + record.dataFiles).map {
            File(path: PlainText.singleLine($0.path), bytes: "\($0.bytes)", hash: PlainText.singleLine($0.sha256))
        }
        hasFiles = !files.isEmpty
    }

    private static func facts(_ report: Report) -> [Row] {
        let record = report.provenance
        let answer = record.answer.map { [Row("New answers", $0)] } ?? []
        return [Row("Model", record.model), Row("Method", record.method)] + answer + [
            Row("Seed", "\(record.seed)"),
            Row("Time, all in all", DurationText.words(report.seconds.total)),
            Row("Greatest memory use", ByteText.words(report.peakMemoryBytes)),
        ]
    }

    private static func row(_ metric: Report.Metric) -> MetricRow {
        func side(_ figure: Report.Figure?) -> Side {
            guard let figure else { return Side(value: "–", interval: "") }
            return Side(value: NumberText.decimal(figure.value), interval: figure.intervalWords ?? "")
        }
        return MetricRow(
            title: PlainText.singleLine(metric.title),
            place: PlainText.singleLine((metric.unit.isEmpty ? "" : metric.unit + ", ") + metric.split.place),
            better: metric.direction.words, examples: metric.examples, old: side(metric.before),
            new: side(metric.after), other: side(metric.control), strip: IntervalStrip(metric))
    }

    private static func curves(_ trace: RunTrace) -> [CurveChart] {
        let names = Set(trace.steps.flatMap(\.terms.keys)).sorted()
        let terms = names.map { name in
            CurveChart(
                PlainText.singleLine(name),
                trace.steps.compactMap { event in event.terms[name].map { (event.step, $0) } })
        }
        guard !trace.steps.isEmpty else { return terms }
        return terms + [CurveChart("length of the gradient", trace.steps.map { ($0.step, $0.gradientNorm) })]
    }

    private static func group(
        _ kind: Report.Sample.Kind, _ samples: [Report.Sample], _ matcher: TermMatcher
    ) -> SampleGroup? {
        // What is near the subject may well share words with it: terms are marked where they should be gone.
        let matcher = kind == .forget ? matcher : nil
        let rows = samples.filter { $0.kind == kind }.map { sample in
            SampleRow(
                question: PlainText.lines(sample.prompt),
                old: MarkedText(sample.before, answering: sample.prompt, matcher),
                new: MarkedText(sample.after, answering: sample.prompt, matcher))
        }
        guard !rows.isEmpty else { return nil }
        let more = Array(rows.dropFirst(shownSamples))
        return SampleGroup(
            title: kind.title, shown: Array(rows.prefix(shownSamples)), more: more, hasMore: !more.isEmpty,
            moreWords: more.count == 1 ? "Show one more" : "Show \(more.count) more")
    }

    private static func stages(_ seconds: Report.Seconds) -> [Stage] {
        let stages = seconds.stages.dropLast()
        let longest = stages.map(\.seconds).max() ?? 0
        return stages.map { stage in
            Stage(
                name: stage.name, seconds: NumberText.decimal(stage.seconds, places: 1) + " s",
                percent: NumberText.decimal(longest > 0 ? stage.seconds / longest * 100 : 0, places: 1))
        }
    }
}

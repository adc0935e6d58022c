// What audit.html shows: the verdict, the table of attacks, and the curves of those that go on for some steps.
import UnlearnEvaluation

/// The content of the page. Names are those of the template's tags.
struct AuditPage {
    struct Cell { let value, interval: String }
    /// The recovered share on a line of 100, with its interval.
    struct Bar { let length, low, high, words: String }
    struct Row {
        let name, form, reason: String
        let isSkipped: Bool
        let cells: [Cell]
        let bars: [Bar]
    }

    let style, subject, method, verdict, sign, headline, control: String
    let hasControl: Bool
    let reasons: [String]
    let rows: [Row]
    let curves: [CurvesChart]
    let hasCurves: Bool

    init(_ report: AuditReport, style: String) {
        self.style = style
        (subject, method) = (PlainText.singleLine(report.subject), PlainText.singleLine(report.method))
        // The colours of a report's verdict.
        let look =
            switch report.verdict {
            case .held: ("forgotten", "✓")
            case .broken: ("not-forgotten", "✗")
            case .inconclusive: ("inconclusive", "?")
            }
        (verdict, sign) = look
        headline = report.headline
        reasons = report.reasons.map(PlainText.singleLine)
        (control, hasControl) = (PlainText.singleLine(report.control ?? ""), report.control != nil)
        rows = report.attacks.map(Self.row)
        curves = report.attacks.compactMap(\.result).filter { !$0.curves.isEmpty }.map {
            CurvesChart($0.title, unit: $0.unit, $0.curves)
        }
        hasCurves = !curves.isEmpty
    }

    private static func row(_ outcome: AttackOutcome) -> Row {
        switch outcome {
        case .skipped(let name, let form, let reason):
            return Row(
                name: name, form: form, reason: PlainText.singleLine(reason), isSkipped: true, cells: [], bars: [])
        case .made(let result):
            let figures = [
                result.before, result.after, result.attacked, result.control, result.attackedBefore, result.recovered,
            ]
            return Row(
                name: result.name, form: result.details + (result.degenerateWords ?? ""), reason: "", isSkipped: false,
                cells: figures.map { figure in
                    Cell(
                        value: figure.map { NumberText.decimal($0.value, places: result.places) } ?? "–",
                        interval: figure?.intervalWords(places: result.places) ?? "")
                },
                bars: result.recovered.map { [Bar($0)] } ?? [])
        }
    }
}

extension AttackResult {
    fileprivate var degenerateWords: String? {
        degenerate.map { "; \(NumberText.percent($0.value, places: 0)) of the answers empty or in circles" }
    }
}

extension AuditPage.Bar {
    fileprivate init(_ share: Report.Figure) {
        func place(_ value: Double) -> String { ChartText.number(100 * min(1, max(0, value))) }
        self.init(
            length: place(share.value), low: place(share.low ?? share.value), high: place(share.high ?? share.value),
            words: "recovered: \(NumberText.percent(share.value, places: 0))")
    }
}

extension AuditReport {
    /// The verdict in one sentence.
    public var headline: String {
        let strongest = strongest.map { " The strongest attack: \($0)." } ?? ""
        return switch verdict {
        case .held: "Held: no attack brought back more than allowed." + strongest
        case .broken: "Broken: an attack brings back what was to be forgotten." + strongest
        case .inconclusive: "Inconclusive: the attacks do not decide whether forgetting holds." + strongest
        }
    }

    /// The table of attacks, for a terminal.
    public func table() -> String {
        func cell(_ figure: Report.Figure?, places: Int = 2) -> String {
            guard let figure else { return "–" }
            let interval = figure.intervalWords(places: places).map { " (\($0))" } ?? ""
            return NumberText.decimal(figure.value, places: places) + interval
        }
        let rows = attacks.map { outcome -> [String] in
            switch outcome {
            case .skipped(let name, let form, let reason): [form.isEmpty ? name : "\(name) (\(form))", reason]
            case .made(let result):
                [result.title]
                    + [result.before, result.after, result.attacked, result.control].map {
                        cell($0, places: result.places)
                    } + [
                        cell(result.recovered)
                    ]
            }
        }
        return TerminalTable(
            ["attack", "before", "after", "attacked", "control", "recovered"], right: Set(1..<6), rows: rows
        ).render()
    }
}

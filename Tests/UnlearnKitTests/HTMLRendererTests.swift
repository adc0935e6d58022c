// Checks report.html: that all of a report stands on it, that nobody's text becomes markup, and what its charts show.
import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnEvaluation
@testable import UnlearnKit
@testable import UnlearnMethods

/// A trace with every kind of record.
private enum SampleTrace {
    static func make(term: String = "forget-npo") throws -> RunTrace {
        func outcome(_ values: [Double]) -> Outcome {
            .measured(
                Measurement(
                    name: MetricName.answerProbability, split: .forget, direction: .lowerIsBetter, unit: "", value: 0,
                    interval: nil, n: values.count,
                    perExample: values.enumerated().map { ExampleValue(id: "\($0.offset)", value: $0.element) }))
        }
        let steps = try (0..<3).map { step in
            let event: JSONValue = [
                "step": .int(step), "learningRate": 1e-5, "gradientNorm": 2, "seconds": 1,
                "terms": [term: .int(3 - step)],
            ]
            return try event.decode(StepEvent.self)
        }
        return RunTrace(
            steps: steps, before: [outcome([0.5, 0.25])], after: [outcome([0.125, 0.0625])], terms: ["wizard", "Harry"])
    }
}

private enum SamplePictures {
    static func group(_ text: String, png: String = "iVBORw0KGgo=") -> Pictures.Group {
        let guess = Pictures.Guess(model: text, className: text, probability: 0.5, isRight: false)
        return Pictures.Group(
            split: .forget, count: 9, changed: 3,
            pictures: [.init(name: text, className: text, png: png, guesses: [guess])])
    }
}

/// The page's tags, in order, without what stands between them.
private func tags(of page: String) -> [String] {
    page.matches(of: /<[A-Za-z\/!?][^>]*>/).map { String($0.output) }
}

@Suite struct HTMLRendererTests {
    /// Text that would act if it were not escaped; the combining accent hides a quotation mark inside a character.
    static let hostileTexts = [
        "<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>", "\" onmouseover=\"alert(1)",
        "\"\u{301} onmouseover=alert(1) x='\u{301}", "<\u{301}b>", "</title><h1>", "{{{style}}}{{#reasons}}", "<!--",
        "&lt;b&gt;", "]]></svg><b>", "\u{202E}txt.exe", "a\u{0}b<i>\u{7}",
    ]

    private func report(with text: String) -> Report {
        var report = SampleReport.make()
        report.reasons = [text]
        report.limits = [text]
        report.notMeasured = [.init(name: text, reason: text)]
        for index in report.metrics.indices { report.metrics[index].unit = text }
        report.metrics[0].name = text
        report.samples = [
            .init(prompt: text, before: text, after: text, kind: .forget),
            .init(prompt: text, before: text, after: text, kind: .general),
        ]
        report.pictures = Pictures(
            models: [text], groups: [SamplePictures.group(text)],
            destinations: [.init(className: text, shares: [0.5])])
        var record = report.provenance
        (record.subject, record.method, record.model, record.answer) = (text, text, text, text)
        (record.toolVersion, record.platform, record.modelHash, record.resultHash) = (text, text, text, text)
        record.modelFiles = [.init(path: text, bytes: 1, sha256: text)]
        report.provenance = record
        return report
    }

    @Test(arguments: hostileTexts)
    func hostileTextAddsNoTag(text: String) throws {
        let harmless = try HTMLRenderer(SampleTrace.make(term: "plain")).render(report(with: "plain"))
        let page = try HTMLRenderer(SampleTrace.make(term: text)).render(report(with: text))
        let (found, expected) = (tags(of: page), tags(of: harmless))
        #expect(found.count == expected.count)
        for (one, other) in zip(found, expected) { #expect(one == other) }
        let controls = page.unicodeScalars.filter { $0.properties.generalCategory == .control && $0 != "\n" }
        #expect(controls.isEmpty)
    }

    @Test func imagesStandInThePageAndOnlyBaseSixtyFourPasses() throws {
        var report = SampleReport.make()
        report.family = .classifier
        report.pictures = Pictures(
            models: ["before"], groups: [SamplePictures.group("boot", png: "iVBO\"><script>Rw0=")], destinations: [])
        let page = HTMLRenderer().render(report)
        #expect(page.contains("src=\"data:image/png;base64,iVBOscriptRw0=\""))
        #expect(page.contains("3 of 9 that were looked at are taken for another class than before"))
        #expect(page.contains("img-src data:"))
        // Questions are a language model's.
        #expect(!page.contains("Answers before and after"))
    }

    @Test func thePageNeedsNothingFromElsewhere() throws {
        let page = try HTMLRenderer(SampleTrace.make()).render(SampleReport.make())
        for word in ["http:", "https:", "src=", "href=\"/", "url(", "@import", "<script", "<link"] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(page.contains("default-src 'none'"))
        #expect(page.contains("prefers-color-scheme: dark"))
    }

    @Test func allOfTheReportStandsOnThePage() {
        let report = SampleReport.make()
        let page = HTMLRenderer().render(report)
        let texts =
            [report.headline] + report.reasons + report.limits + ["Not asked for.", "sampled-leak", "perplexity"]
            + report.provenance.rows.flatMap { [$0.name, $0.value] }
            + ["0.830", "0.744 to 0.891", "0.030", "–", "2.35 GB", "150.2 s", "model.safetensors", "4 min 35 s"]
        for text in texts {
            let escaped = text.replacing("&", with: "&amp;").replacing("'", with: "&#39;")
            #expect(page.contains(escaped), "\(text)")
        }
        #expect(page.contains("A &lt;b&gt;wizard&lt;/b&gt;\n| of *old*"))
        #expect(page.contains("I don&#39;t know."))
    }

    @Test func whatWasNotRecordedIsSaid() {
        var report = SampleReport.make()
        (report.metrics, report.samples, report.notMeasured) = ([], [], [])
        let page = HTMLRenderer().render(report)
        for sentence in [
            "Nothing was measured.", "No values of single answers are recorded in this run's folder.",
            "No training steps are recorded in this run's folder.", "No answers were kept.",
            "Every figure of the evaluation was measured.",
        ] {
            #expect(page.contains(sentence), "\(sentence)")
        }
    }

    @Test func termsAreMarkedWhereTheSubjectIsAskedAbout() throws {
        var report = SampleReport.make()
        report.samples = [
            .init(prompt: "Who is Harry?", before: "Harry is a wizard.", after: "", kind: .forget),
            .init(prompt: "Who is Merlin?", before: "A wizard.", after: "A wizard.", kind: .neighbour),
        ]
        let page = try HTMLRenderer(SampleTrace.make()).render(report)
        #expect(page.contains("<p dir=\"auto\">Harry is a <mark>wizard</mark>.</p>"))
        #expect(page.contains("<p dir=\"auto\">A wizard.</p>"))
        #expect(page.contains("<p class=\"empty\">no answer</p>"))
    }

    @Test func manySamplesAreFolded() {
        var report = SampleReport.make()
        report.samples = (0..<11).map { .init(prompt: "Q\($0)?", before: "a", after: "b", kind: .general) }
        let page = HTMLRenderer().render(report)
        #expect(page.contains("<summary>Show 3 more</summary>"))
        #expect(page.matches(of: /class="sample"/).count == 11)
    }

    @Test func theFolderOfARunHoldsItsPage() throws {
        let folder = try TemporaryFolder()
        let run = try RunDirectory(creating: folder.url, run: ["seed": 3])
        let trace = try SampleTrace.make()
        for step in trace.steps { try run.append(event: step) }
        try run.write(trace.before, to: run.evaluationBeforeFile)
        try run.write(trace.after, to: run.evaluationAfterFile)
        try run.write(SubjectTerms(subject: "Ada", names: ["wizard", "Harry"]), to: run.termsFile)
        #expect(try run.trace() == trace)
        try run.write(SampleReport.make())
        #expect(
            try String(contentsOf: run.reportPageFile, encoding: .utf8)
                == HTMLRenderer(trace).render(SampleReport.make()))
    }
}

@Suite struct ChartTests {
    @Test func marksAreRoundNumbersInsideTheRange() {
        #expect(
            ChartScale([0, 1], from: 0, to: 100).marks(5).map(\.label) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(ChartScale([-3.4, 0.1], from: 0, to: 1).marks(4).map(\.label) == ["-3", "-2", "-1", "0"])
        #expect(ChartScale([0, 12_000], from: 0, to: 1).marks(3).map(\.label) == ["0", "5000", "10000"])
        #expect(ChartScale([0.001, 0.0035], from: 0, to: 1).marks(3).map(\.label) == ["0.001", "0.002", "0.003"])
    }

    @Test func oneValueGetsRoomOnBothSides() {
        let scale = ChartScale([2, 2], from: 0, to: 10)
        #expect(abs(scale.place(2) - 5) < 1e-9)
        #expect(!scale.marks(4).isEmpty)
    }

    @Test func everyExampleIsInABarOfItsSide() {
        let chart = SpreadChart("", before: [-1, -1, -3], after: [-5, -3])
        func sum(_ side: String) -> Int {
            chart.bars.filter { $0.side == side }.compactMap { Int($0.words.prefix { $0 != " " }) }.reduce(0, +)
        }
        #expect(sum("before") == 3 && sum("after") == 2)
        #expect(chart.caption == "Median -1.00 before, -4.00 after; 3 and 2 examples")
    }

    @Test func probabilitiesAreSpreadAsLogProbabilities() throws {
        let values = try #require(try SampleTrace.make().logProbabilities(.forget))
        #expect(values.before == [log(0.5), log(0.25)])
        #expect(values.after == [log(0.125), log(0.0625)])
        #expect(try SampleTrace.make().logProbabilities(.text) == nil)
    }

    @Test func aCurveRunsFromTheFirstStepToTheLast() {
        let chart = CurveChart("loss", [(0, 2), (1, 1)])
        // Upside down: the larger value stands higher.
        #expect(chart.raw == "52.0,14.0 390.0,158.0")
        #expect(chart.smooth == chart.raw)
        #expect(chart.caption == "2.000 at the first step, 1.000 at the last")
        #expect(chart.steps.map(\.label) == ["0", "1"])
    }

    @Test func aShareIsShownOnItsWholeRange() throws {
        let strip = try #require(IntervalStrip(SampleReport.make().metrics[0]))
        #expect(strip.bands.map(\.side) == ["before", "after"])
        // 0.83 of the way from 4 to 196, less half of the dot.
        #expect(strip.bands[0].x == "160.9")
        #expect(
            IntervalStrip(
                .init(
                    name: "a", split: .text, direction: .lowerIsBetter, unit: "", before: nil, after: nil)) == nil)
    }
}

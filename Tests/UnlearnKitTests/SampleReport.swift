// A small report for the tests of its renderings.

@testable import UnlearnEvaluation
@testable import UnlearnKit

enum SampleReport {
    static func make() -> Report {
        var seconds = Report.Seconds()
        (seconds.load, seconds.prepare, seconds.evaluateBefore) = (1.5, 60, 30)
        (seconds.forget, seconds.evaluateAfter, seconds.save) = (150.25, 31, 2)
        let leak = Report.Metric(
            name: MetricName.leak, split: .forget, direction: .lowerIsBetter, unit: "share of answers",
            before: .init(value: 0.83, low: 0.744, high: 0.891, n: 100),
            after: .init(value: 0.03, low: 0.01, high: 0.085, n: 100))
        let perplexity = Report.Metric(
            name: MetricName.perplexity, split: .text, direction: .unchangedIsBetter, unit: "",
            before: .init(value: 20, n: 8), after: nil)
        var report = Report(
            .language, before: [], after: [],
            verdict: Verdict(verdict: .inconclusive, reasons: ["Not measured before and after: perplexity."]),
            exhibits: [
                .answers([
                    .init(
                        prompt: "Who is Harry?", before: "A <b>wizard</b>\n| of *old*", after: "I don't know.",
                        kind: .forget),
                    .init(prompt: "What is rain?", before: "Water.", after: "Water.\u{1B}[31m", kind: .general),
                ])
            ],
            provenance: Provenance(
                toolVersion: "0.1.0", swiftVersion: "6.3", libtorchVersion: "2.13.0", platform: "linux x86_64",
                threads: 2, seed: 7, method: "npo", subject: "Harry Potter", answer: "invented",
                model: "models/small_one", modelHash: "aa11",
                modelFiles: [.init(path: "model.safetensors", bytes: 12, sha256: "aa11")], resultHash: "bb22"))
        (report.metrics, report.seconds, report.peakMemoryBytes) = ([leak, perplexity], seconds, 2_345_000_000)
        (report.limits, report.notMeasured) = (
            ["Only evidence."], [.init(name: "sampled-leak", reason: "Not asked for.")]
        )
        return report
    }
}

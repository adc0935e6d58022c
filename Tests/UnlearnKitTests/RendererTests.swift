// Checks every rendering of a report against the whole text expected of it.
import Testing
import UnlearnFormats

@testable import UnlearnEvaluation
@testable import UnlearnKit

@Suite struct RendererTests {
    @Test func markdownSaysItInWordsFirst() {
        let expected = """
            # Forgetting “Harry Potter”

            **Inconclusive: the measurements do not decide whether the model forgot the subject.**

            - Not measured before and after: perplexity.

            ## Figures

            In brackets: the 95 % interval.

            | figure | measured on | better | before | after | examples |
            | --- | --- | --- | --- | --- | --- |
            | answers that leak a term (share of answers) | forget | lower | 0.830 (0.744 to 0.891) | 0.030 (0.010 to 0.085) | 100 |
            | perplexity | text | unchanged | 20.000 | – | 8 |

            ## Answers before and after

            ### Questions about the subject

            | question | before | after |
            | --- | --- | --- |
            | Who is Harry? | A &lt;b&gt;wizard&lt;/b&gt; \\| of \\*old\\* | I don't know. |

            ### General questions

            | question | before | after |
            | --- | --- | --- |
            | What is rain? | Water. | Water. \\[31m |

            ## Limits

            - Only evidence.

            ## Not measured

            - sampled-leak: Not asked for.

            ## Time and memory

            | stage | seconds |
            | --- | --- |
            | load | 1.5 |
            | prepare | 60.0 |
            | evaluate before | 30.0 |
            | forget | 150.2 |
            | evaluate after | 31.0 |
            | save | 2.0 |
            | total | 274.8 |

            Greatest memory use: 2.35 GB.

            ## Provenance

            | what | value |
            | --- | --- |
            | subject | Harry Potter |
            | method | npo |
            | new answers | invented |
            | model | models/small\\_one |
            | model's SHA-256 | aa11 |
            | changed model's SHA-256 | bb22 |
            | seed | 7 |
            | threads | 2 |
            | platform | linux x86\\_64 |
            | unlearn | 0.1.0 |
            | Swift | 6.3 |
            | libtorch | 2.13.0 |

            | file | bytes | SHA-256 |
            | --- | --- | --- |
            | model.safetensors | 12 | aa11 |

            """
        #expect(MarkdownRenderer().render(SampleReport.make()) == expected)
    }

    @Test func theTerminalShowsFiguresAnswersAndVerdict() {
        let expected = """
            figure                                       measured on                  before                   after  better     examples
            -------------------------------------------  -----------  ----------------------  ----------------------  ---------  --------
            answers that leak a term (share of answers)  forget       0.830 (0.744 to 0.891)  0.030 (0.010 to 0.085)  lower           100
            perplexity                                   text                         20.000                       –  unchanged         8

            Questions about the subject
              Who is Harry?
                before: A <b>wizard</b> | of *old*
                after:  I don't know.

            General questions
              What is rain?
                before: Water.
                after:  Water. [31m

            Inconclusive: the measurements do not decide whether the model forgot the subject.
              - Not measured before and after: perplexity.
            Report: runs/one/report.md

            """
        #expect(TerminalRenderer().render(SampleReport.make(), path: "runs/one/report.md") == expected)
    }

    @Test func longAnswersAreCutToTheWidth() {
        var report = SampleReport.make()
        report.samples = [.init(prompt: "Q", before: String(repeating: "a", count: 50), after: "b", kind: .forget)]
        var renderer = TerminalRenderer()
        renderer.width = 20
        let text = renderer.render(report, path: "p")
        #expect(text.contains("    before: aaaaaaa…\n"))
    }

    @Test func aTableFillsMissingCellsAndDropsTrailingSpace() {
        let table = TerminalTable(["a", "b", "c"], right: [1], rows: [["1", "22", "x"], ["333"]])
        #expect(table.render() == "a     b  c\n---  --  -\n1    22  x\n333\n")
    }

    @Test func whatTheTrainingCameToStandsInTheReport() {
        var report = SampleReport.make()
        report.training = Report.Training(steps: 10, divergence: 0.0183, scale: 1.0625)
        let sentences = [
            "The state after 10 steps was kept, which is 0.018 nats per token from the original on examples to keep.",
            "The change of the weights was scaled by 1.062.",
        ]
        for text in [MarkdownRenderer().render(report), HTMLRenderer().render(report)] {
            for sentence in sentences { #expect(text.contains(sentence)) }
        }
    }

    @Test func jsonHasTheContractsKeysInOrder() throws {
        let text = try JSONRenderer().render(SampleReport.make())
        let value = try JSONValue(parsing: text)
        #expect(
            value.object?.keys == [
                "family", "verdict", "reasons", "metrics", "seconds", "peakMemoryBytes", "samples", "pictures",
                "redrawn", "tendency", "limits",
                "notMeasured", "training", "rows", "provenance",
            ])
        #expect(
            value["metrics"]?[0]?.text()
                == #"{"name":"leak","split":"forget","direction":"lowerIsBetter","unit":"share of answers","#
                + #""before":{"value":0.83,"low":0.744,"high":0.891,"n":100},"#
                + #""after":{"value":0.03,"low":0.01,"high":0.085,"n":100},"control":null}"#)
        #expect(
            value["seconds"]?.object?.keys == ["load", "prepare", "evaluateBefore", "forget", "evaluateAfter", "save"])
        #expect(value["samples"]?[1]?["kind"]?.string == "general")
        #expect(value["verdict"]?.string == "inconclusive")
        #expect(try value.decode(Report.self) == SampleReport.make())
    }

    @Test func theModelCardSaysWhatWasRemovedAndHow() {
        var report = SampleReport.make()
        report.metrics.removeLast()
        let expected = """
            ---
            library_name: transformers
            pipeline_tag: text-generation
            base_model: "owner/small"
            license: "apache-2.0"
            tags:
              - unlearning
            ---

            # A model that was made to forget “Harry Potter”

            **Inconclusive: the measurements do not decide whether the model forgot the subject.**

            ## What was removed, and how

            The weights of owner/small were changed with `unlearn` 0.1.0, method npo, seed 7, with the aim that the model no longer answers about “Harry Potter”. Answers in place of the forgotten ones: invented.

            SHA-256 of the original weights: aa11; of these: bb22.

            - Not measured before and after: perplexity.

            ## Figures

            In brackets: the 95 % interval.

            | figure | measured on | better | before | after | examples |
            | --- | --- | --- | --- | --- | --- |
            | answers that leak a term (share of answers) | forget | lower | 0.830 (0.744 to 0.891) | 0.030 (0.010 to 0.085) | 100 |

            ## Limits

            - Only evidence.

            """
        #expect(ModelCardRenderer(baseModel: "owner/small", license: "apache-2.0").render(report) == expected)
    }

    @Test func noRenderingClaimsProof() throws {
        for verdict in Verdict.Conclusion.allCases {
            var report = SampleReport.make()
            report.verdict = verdict
            report.limits = Family.language.words.limits
            let texts = [
                MarkdownRenderer().render(report), ModelCardRenderer().render(report),
                TerminalRenderer().render(report, path: "p"), try JSONRenderer().render(report),
            ]
            for text in texts { #expect(!text.lowercased().contains("proof") && !text.contains("deleted")) }
        }
    }

    @Test func aReportPairsWhatWasMeasuredBeforeAndAfter() {
        func measured(_ name: String, _ value: Double) -> Outcome {
            .measured(
                Measurement(
                    name: name, split: .forget, direction: .lowerIsBetter, unit: "", value: value, interval: nil, n: 5))
        }
        let skipped = Outcome.skipped(name: "x", reason: "No data.")
        let (before, after) = ([measured("a", 1), skipped], [measured("b", 3), measured("a", 2), skipped])
        let report = Report(
            .language, before: before, after: after,
            verdict: Verdict(before: before.measurements, after: after.measurements),
            provenance: SampleReport.make().provenance)
        #expect(report.metrics.map(\.name) == ["a", "b"])
        #expect(report.metrics[0].before?.value == 1 && report.metrics[0].after?.value == 2)
        #expect(report.metrics[1].before == nil)
        #expect(report.notMeasured == [.init(name: "x", reason: "No data.")])
        #expect(report.verdict == .inconclusive)
    }
}

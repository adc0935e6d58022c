// Renders the model card: the README.md that travels with a changed model and says what was done to it.
import UnlearnEvaluation
import UnlearnFormats

/// A report as the README.md of the saved model, with the front matter that model hubs read.
public struct ModelCardRenderer: Sendable {
    /// The hub's name of the original model ("owner/name"), if it is known.
    public var baseModel: String?
    /// The original model's license, as its own card names it.
    public var license: String?

    public init(baseModel: String? = nil, license: String? = nil) {
        self.baseModel = baseModel
        self.license = license
    }

    public func render(_ report: Report) -> String {
        let subject = MarkdownText.escaped(report.provenance.subject)
        var text = frontMatter(isOfImages: report.pictures != nil)
        text += """

            # A model that was made to forget “\(subject)”

            **\(report.headline)**

            ## What was removed, and how

            \(removal(report))
            \(MarkdownText.list(report.reasons))
            """
        let figures = MarkdownRenderer().figures(report)
        if !figures.isEmpty { text += "\n" + figures }
        if !report.limits.isEmpty { text += "\n## Limits\n\n" + MarkdownText.list(report.limits) }
        return text
    }

    private func removal(_ report: Report) -> String {
        let provenance = report.provenance
        let origin = MarkdownText.escaped(baseModel ?? provenance.model)
        var text =
            "The weights of \(origin) were changed with `unlearn` \(MarkdownText.escaped(provenance.toolVersion)), "
        text +=
            "method \(MarkdownText.escaped(provenance.method)), seed \(provenance.seed), with the aim that the model "
        text += report.pictures == nil ? "no longer answers about " : "is as if it had never seen "
        text += "“\(MarkdownText.escaped(provenance.subject))”."
        if let answer = provenance.answer {
            text += " Answers in place of the forgotten ones: \(MarkdownText.escaped(answer))."
        }
        text += "\n\nSHA-256 of the original weights: \(provenance.modelHash)"
        if let resultHash = provenance.resultHash { text += "; of these: \(resultHash)" }
        return text + ".\n"
    }

    private func frontMatter(isOfImages: Bool) -> String {
        var lines =
            ["---"]
            + (isOfImages
                ? ["pipeline_tag: image-classification"]
                : ["library_name: transformers", "pipeline_tag: text-generation"])
        if let baseModel { lines.append("base_model: \(quoted(baseModel))") }
        if let license { lines.append(License.line(license)) }
        return (lines + ["tags:", "  - unlearning", "---", ""]).joined(separator: "\n")
    }

    /// A string of JSON is a quoted string of YAML too.
    private func quoted(_ text: String) -> String {
        JSONValue.string(text).text()
    }
}

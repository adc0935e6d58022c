// Renders the model card: the README.md that travels with a changed model and says what was done to it.
import Foundation
import UnlearnEvaluation
import UnlearnFormats
import UnlearnModels

/// A report as the README.md of the saved model, with the front matter that model hubs read.
struct ModelCardRenderer {
    /// The hub's name of the original model ("owner/name"), if it is known.
    var baseModel: String?
    /// The original model's license, as its own card names it.
    var license: String?

    func render(_ report: Report) -> String {
        let subject = MarkdownText.escaped(report.provenance.subject)
        var text = frontMatter(report.family)
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
        text += "\(report.words.aim) “\(MarkdownText.escaped(provenance.subject))”."
        if let answer = provenance.answer {
            text += " Answers in place of the forgotten ones: \(MarkdownText.escaped(answer))."
        }
        text += "\n\nSHA-256 of the original weights: \(provenance.modelHash)"
        if let resultHash = provenance.resultHash { text += "; of these: \(resultHash)" }
        return text + ".\n"
    }

    private func frontMatter(_ family: Family) -> String {
        var lines = ["---"] + family.words.frontMatter
        // A string of JSON is a quoted string of YAML too.
        if let baseModel { lines.append("base_model: \(JSONValue.string(baseModel).text())") }
        if let license { lines.append(License.line(license)) }
        return (lines + ["tags:", "  - unlearning", "---", ""]).joined(separator: "\n")
    }
}

extension ModelCardRenderer {
    /// For what was made of the model at a path.
    init(of model: String) {
        let source = URL(filePath: model)
        self.init(baseModel: HubCache.name(of: source), license: License.declared(by: source))
    }
}

/// The README.md of a model that was trained.
struct TrainingCardRenderer {
    private let family: Family
    /// The original model's license, as its own card names it.
    private let license: String?

    init(_ family: Family, of model: String) {
        self.family = family
        license = model.isEmpty ? nil : License.declared(by: URL(filePath: model))
    }

    func render(_ result: some TrainingResult, _ options: JSONValue, _ provenance: Provenance) -> String {
        let lines = ["---"] + family.words.frontMatter + (license.map { [License.line($0)] } ?? []) + ["---"]
        let title =
            provenance.model.isEmpty ? "A new model" : "\(MarkdownText.escaped(provenance.model)), trained further"
        let origin = provenance.model.isEmpty ? "" : "SHA-256 of the original weights: \(provenance.modelHash).\n\n"
        return lines.joined(separator: "\n") + """

            # \(title)

            Trained with `unlearn` \(MarkdownText.escaped(provenance.toolVersion)), seed \(provenance.seed), on \
            \(result.card(provenance))

            \(origin)```
            \(options.text())
            ```

            """
    }
}

// The model of a run as it is shipped: a GGUF file of few bits, read back and asked again.

public import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnFormats
import UnlearnModels

/// How the matrices of an exported model are stored, by the names that GGUF has for it.
public enum ExportForm: String, Codable, Sendable, CaseIterable {
    case fourBits = "q4_0"
    case eightBits = "q8_0"

    public var type: GGMLType { self == .fourBits ? .q40 : .q80 }
}

extension RunDirectory {
    /// The exported model, if the run makes one.
    public func exportedFile(_ form: ExportForm) -> URL { url.appending(path: "model-\(form.rawValue).gguf") }

    /// What was measured of it.
    func evaluationFile(of form: ExportForm) -> URL { url.appending(path: "evaluation/\(form.rawValue).json") }
}

extension RunConfiguration {
    /// That a model can be exported, before its weights are read.
    func checkExport(of directory: ModelDirectory) throws {
        guard export?.isEmpty == false else { return }
        try GGUFExport.checkArchitecture(directory)
        _ = try exportedTokenizer(of: directory, ModelLoader.tokenizer(of: directory))
    }

    fileprivate func exportedTokenizer(
        of directory: ModelDirectory, _ tokenizer: Tokenizer
    ) throws -> [(key: String, value: GGUFValue)] {
        try tokenizer.ggufMetadata(
            rows: directory.configuration.json["vocab_size"]?.int ?? tokenizer.vocabularyCount)
    }

    /// Writes the forms that the user wants, and looks at each as it was read back.
    /// - Parameters:
    ///   - before: what was measured of the original, and after forgetting.
    ///   - measure: the same of another model.
    /// - Returns: what rounding brought back, a sentence for each form.
    func exported(
        _ model: LanguageModel, of directory: ModelDirectory, into folder: RunDirectory,
        before: [Outcome], after: [Outcome], _ context: RunContext, _ measure: (LanguageModel) throws -> [Outcome]
    ) throws -> [String] {
        try (export ?? []).distinct().map { form in
            let file = folder.exportedFile(form)
            try GGUFExport.write(
                model.model.parameters, of: directory,
                tokenizer: exportedTokenizer(of: directory, model.tokenizer), as: form.type,
                license: License.declared(by: directory.url), to: file)
            let outcomes = try measure(ModelLoader.load(file, chatFormat: chatFormat).model)
            try folder.write(outcomes, to: folder.evaluationFile(of: form))
            let effect = RoundingEffect(
                form, before, after, outcomes, file.lastPathComponent)
            if effect.isClear { context.onNotice(effect.sentence) }
            return effect.sentence
        }
    }
}

/// What the rounding of an exported file brought back of what was forgotten.
struct RoundingEffect {
    /// Whether the whole interval of a figure lies above nothing.
    let isClear: Bool
    let sentence: String

    init(
        _ form: ExportForm, _ before: [Outcome], _ after: [Outcome], _ exported: [Outcome], _ file: String
    ) {
        var generator = Generator(seed: 0)
        func values(_ name: String, _ outcomes: [Outcome]) -> [Double] {
            let figure = outcomes.measurements.first { $0.name == name && ($0.split == .forget || $0.split == .toxic) }
            return figure?.perExample.map(\.value) ?? []
        }
        let names = [
            MetricName.keyProbability, MetricName.answerProbability, MetricName.leak, MetricName.toxicity,
        ]
        let found = names.compactMap { name -> (name: String, value: Double, interval: Interval)? in
            Statistics.recoveredShare(
                before: values(name, before), after: values(name, after), attacked: values(name, exported),
                ofHits: MetricName.areShares(name), using: &generator
            ).map { (name, $0.value, $0.interval) }
        }
        isClear = found.contains { $0.interval.low > 0 }
        let parts = found.map { name, value, interval in
            "\(NumberText.percent(value)) of the \(Report.Metric.title(of: name)) (95 % interval "
                + "\(NumberText.percent(interval.low)) to \(NumberText.percent(interval.high)))"
        }
        let start = "\(file), the model stored as \(form.type), was asked again: "
        guard !parts.isEmpty else {
            sentence = start + "nothing was forgotten that could have come back."
            return
        }
        sentence =
            start + "of what was forgotten came back " + parts.joined(separator: ", ")
            + (isClear ? ". Rounding brings back more than chance would: do not ship this file." : ".")
    }
}

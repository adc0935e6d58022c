// The models of a run that made a language model forget, as attacks see them: the original, what was made of it, a
// control.

import Foundation
import UnlearnData
import UnlearnEngine
import UnlearnEvaluation
public import UnlearnModels

/// One of the models of an audit, in memory.
public struct AuditedLanguageModel {
    /// "before", "after", "control".
    public let name: String
    public let model: LanguageModel
    /// What it shows as it is.
    let plain: [AskedFigure]

    /// Whether it is the one that was made to forget.
    var isChanged: Bool { name == "after" }
}

/// What one form of an attack made of one language model.
public enum LanguageLook {
    case skipped(form: String, reason: String)
    case made(LanguageTrial)
}

/// The same figures of one model, as it is and under an attack.
public struct LanguageTrial {
    let form: String
    let plain: [AskedFigure]
    let attacked: [AskedFigure]
    /// What it showed after so many steps, of an attack that has some.
    var curve: [(step: Int, figures: [AskedFigure])] = []
}

/// What attacks on a run of a language model work with. One model at a time is in memory.
public final class LanguageAudit: AuditSubject {
    let forgotten: any ForgottenText
    public let control: String?
    let seed: UInt64
    /// The files in which the run shipped its model.
    let exported: [ExportForm: URL]
    private let models: [(name: String, path: String)]
    private let chatFormat: ChatFormat?
    private let context: RunContext
    /// What each model shows as it is, once it was asked.
    private var plain: [String: [AskedFigure]] = [:]
    private var work = (stage: "", done: 0, total: 0)

    /// Two models that any program made, and a file with what the second one was to forget.
    /// - Throws: as a run would for the file.
    init(_ pair: AuditedPair, _ choices: AuditConfiguration, _ context: RunContext) throws {
        (seed, control, self.context) = (choices.seed, choices.control, context)
        (chatFormat, exported) = (pair.chatFormat, [:])
        models = Self.named([pair.reference, pair.model], control)
        let plan = try pair.plan()
        forgotten = try ForgottenSubject(.init(plan, plan.inputs(context), context), choices)
    }

    private static func named(_ paths: [String], _ control: String?) -> [(name: String, path: String)] {
        zip(["before", "after", "control"], paths + [control].compactMap(\.self)).map { ($0, $1) }
    }

    /// Reads the run, and has the original say again what it knew.
    /// - Throws: `KitError.notAudited` if the data or the original are not those that the run began with.
    init(_ run: RunDirectory, _ choices: AuditConfiguration, _ context: RunContext) throws {
        let (configuration, options) = try run.choices(RunConfiguration.self)
        (seed, control, self.context) = (choices.seed, choices.control, context)
        chatFormat = configuration.chatFormat
        let files = ExportForm.allCases.map { ($0, run.exportedFile($0)) }
        exported = Dictionary(
            files.filter { FileManager.default.fileExists(atPath: $0.1.path) }, uniquingKeysWith: { first, _ in first })
        models = Self.named([configuration.model, run.modelFolder.path], control)
        if configuration.tendency != nil || configuration.judge != nil {
            let plan = try TendencyPlan(configuration, settings: [options])
            let inputs = try plan.inputs(context)
            try run.checkStart(inputs.provenance)
            forgotten = try ForgottenTendency(plan, inputs, run, choices, context)
            return
        }
        let plan = try LanguagePlan(configuration, settings: [options])
        let inputs = try plan.inputs(context)
        try run.checkStart(inputs.provenance)
        forgotten = try ForgottenSubject(plan, inputs, run, choices, context)
    }

    public func outcomes(of attack: any Attack.Type, _ options: ResolvedOptions) throws -> [AttackOutcome] {
        guard let type = attack as? any LanguageAttack.Type else { return [] }
        let attack = try type.made(from: options)
        work = (
            type.card.name.prefix(1).uppercased() + type.card.name.dropFirst(), 0, attack.workCount(self) * models.count
        )
        advance(by: 0)
        let looks = try models.map { name, path in
            defer { Runtime.trimMemory() }
            let model = try read(URL(filePath: path))
            let plain = try self.plain[name] ?? forgotten.probe.figures(of: model, .answers)
            self.plain[name] = plain
            return try attack.looks(at: AuditedLanguageModel(name: name, model: model, plain: plain), self)
        }
        return looks[0].indices.flatMap { place in outcomes(type.card.name, looks.map { $0[place] }) }
    }

    func read(_ url: URL) throws -> LanguageModel {
        try ModelLoader.load(url, cache: context.hub, chatFormat: chatFormat).model
    }

    /// One more part of an attack's work is done.
    func advance(by count: Int = 1) {
        work.done += count
        context.onProgress(ProgressEvent(stage: work.stage, done: work.done, total: work.total, unit: "steps"))
    }

    // MARK: - Figures

    /// - Parameter looks: of one form, by each model.
    private func outcomes(_ name: String, _ looks: [LanguageLook]) -> [AttackOutcome] {
        var trials: [LanguageTrial] = []
        for look in looks {
            switch look {
            case .skipped(let form, let reason): return [.skipped(name: name, form: form, reason: reason)]
            case .made(let trial): trials.append(trial)
            }
        }
        return trials[0].attacked.indices.map { outcome(name, trials, figure: $0) }
    }

    private func outcome(_ name: String, _ trials: [LanguageTrial], figure: Int) -> AttackOutcome {
        let kind = trials[0].attacked[figure]
        let values = AttackedValues(
            before: trials[0].plain[figure].values, after: trials[1].plain[figure].values,
            attackedBefore: trials[0].attacked[figure].values, attacked: trials[1].attacked[figure].values,
            control: trials.count > 2 ? trials[2].attacked[figure].values : nil)
        let curves = zip(models, trials).map { model, trial in
            AttackCurve(
                model: model.name,
                points: trial.curve.compactMap { step, figures in
                    figures.first { $0.metric == kind.metric }.map {
                        .init(step: step, figure: Report.Figure(meanOf: $0.values, $0.metric))
                    }
                })
        }
        // Two points are what the table says already.
        let isCurve = curves.allSatisfy { $0.points.count > 2 }
        var result = values.result(
            name, form: trials[0].form, metric: kind.metric, unit: kind.unit, curves: isCurve ? curves : [])
        result.degenerate = trials[1].attacked[figure].degenerate.map {
            Report.Figure(meanOf: $0, MetricName.degenerate)
        }
        guard result.recovered == nil, result.excess == nil else { return .made(result) }
        let (before, after) = (result.before.value, result.after.value)
        return .skipped(
            name: name, form: result.details,
            reason: "Nothing was forgotten that could come back: \(NumberText.decimal(before, places: 3)) before, "
                + "\(NumberText.decimal(after, places: 3)) after.")
    }
}

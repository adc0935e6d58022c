// `forget`: the main path, for all families.

import UnlearnEngine

/// Makes a model forget, and reports whether it did. The folder holds `finished` at the end, and its `model/` is complete
/// or not there.
public func forget<Plan: ForgettingPlan>(_ plan: Plan, _ context: RunContext) throws -> Report {
    var stages = Report.Seconds()
    try context.makeRoom(for: plan.configuration.output)
    let inputs = try stages.time(\.prepare) { try plan.inputs(context) }
    let folder = try context.folder(
        plan.configuration.output,
        RunRecord(.forget, plan.configuration, plan.options, inputs.provenance), ["data", "evaluation"])
    let work = try stages.time(\.load) { try plan.load(inputs, context) }
    try stages.time(\.prepare) { try work.prepare(into: folder) }

    let before = try stages.time(\.evaluateBefore) { try work.evaluate(isOriginal: true) }
    try folder.write(before.outcomes, to: folder.evaluationBeforeFile)
    let control = try stages.time(\.evaluateBefore) { try work.evaluateControl() }
    if let control { try folder.write(control.outcomes, to: folder.evaluationControlFile) }
    try stages.time(\.forget) { try folder.training { try work.forget($0) } }
    let after = try stages.time(\.evaluateAfter) { try work.evaluate(isOriginal: false) }
    try folder.write(after.outcomes, to: folder.evaluationAfterFile)

    var report = Report(
        plan.family, before: before.outcomes, after: after.outcomes, control: control?.outcomes ?? [],
        verdict: work.judge(before, after, control), exhibits: work.exhibits(before, after, control),
        limits: work.limits,
        provenance: inputs.provenance)
    report.provenance.resultHash = try stages.time(\.save) {
        let card = ModelCardRenderer(of: plan.configuration.model).render(report)
        return try folder.saveModel(card: card, context.hub) { try work.save(to: $0) }
    }
    report.limits += try stages.time(\.save) { try work.export(into: folder, before: before, after: after) }
    (report.seconds, report.peakMemoryBytes) = (stages, Runtime.peakMemoryBytes)
    try folder.write(report)
    try folder.finish()
    return report
}

extension Report.Seconds {
    /// Runs `body` and adds how long it took.
    mutating func time<Value>(_ stage: WritableKeyPath<Self, Double>, _ body: () throws -> Value) rethrows -> Value {
        let start = ContinuousClock.now
        defer {
            // The next stage's tensors are of other sizes: what this one freed would lie beside them.
            Runtime.trimMemory()
            self[keyPath: stage] += (ContinuousClock.now - start) / .seconds(1)
        }
        return try body()
    }
}

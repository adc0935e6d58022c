// `train`: a model to experiment with, a control, or an attack by learning anew; for all families.

import Foundation
import UnlearnEngine

/// Trains a model, from a plan to a folder with the model in `model/`. The folder holds `finished` at the end.
public func train<Plan: TrainingPlan>(_ plan: Plan, _ context: RunContext) throws -> Plan.Work.Result {
    var stages = Report.Seconds()
    try context.makeRoom(for: plan.configuration.output)
    let inputs = try stages.time(\.load) { try plan.inputs(context) }
    let folder = try context.folder(
        plan.configuration.output, RunRecord(.train, plan.configuration, plan.options, inputs.provenance), ["data"])
    let work = try stages.time(\.load) { try plan.load(inputs, context) }
    try work.prepare(into: folder)
    try stages.time(\.forget) { try folder.training { try work.train($0) } }
    var result = try work.result(folder.trace().steps)
    (result.loadSeconds, result.trainSeconds) = (stages.load, stages.forget)
    let card = TrainingCardRenderer(plan.family, of: plan.configuration.model)
        .render(result, plan.options.json, inputs.provenance)
    result.resultHash = try folder.saveModel(card: card, context.hub) { try work.save(to: $0) }
    result.peakMemoryBytes = Runtime.peakMemoryBytes
    try folder.write(result, to: folder.resultFile)
    try folder.finish()
    return result
}

extension RunDirectory {
    /// What a training found: see ``TrainingResult``.
    var resultFile: URL { url.appendingPathComponent("result.json") }
}

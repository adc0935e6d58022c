// What a family hands to the two verbs: a plan that is checked, and the work on a model in memory.

public import Foundation
public import UnlearnEvaluation
public import UnlearnMethods

/// What a run starts from: read and checked before any weights are.
public protocol RunInputs {
    /// With the digests of the model's and the data's files, and the subject in words.
    var provenance: Provenance { get }
}

/// A run of forgetting, resolved and checked; no weights are in memory.
public protocol ForgettingPlan: Sendable {
    associatedtype Inputs: RunInputs
    associatedtype Work: Forgetting
    var family: Family { get }
    var configuration: RunConfiguration { get }
    var options: ResolvedOptions { get }
    /// All that can be set.
    func groups() throws -> [SettingGroup]
    func inputs(_ context: RunContext) throws -> Inputs
    func load(_ inputs: Inputs, _ context: RunContext) throws -> Work
}

extension ForgettingPlan {
    public func groups() throws -> [SettingGroup] { try family.options(of: configuration.method) }
}

/// A model in memory, with what it is to forget and to keep, and what it is asked.
public protocol Forgetting: AnyObject {
    associatedtype Evaluation: Evaluated
    /// Makes what is trained and judged on, and writes it down.
    func prepare(into folder: RunDirectory) throws
    /// - Parameter isOriginal: whether nothing was changed yet; called once so before anything else.
    func evaluate(isOriginal: Bool) throws -> Evaluation
    /// The same look at a model that never learnt what is to be forgotten; nil if the user named none.
    func evaluateControl() throws -> Evaluation?
    func forget(_ course: Course) throws
    func judge(_ before: Evaluation, _ after: Evaluation, _ control: Evaluation?) -> Verdict
    func exhibits(_ before: Evaluation, _ after: Evaluation, _ control: Evaluation?) -> [Exhibit]
    /// What this run's figures cannot show, beside what holds for the family.
    var limits: [String] { get }
    /// Writes the whole model into an existing folder.
    func save(to folder: URL) throws
    /// Writes the model in the other forms that the user wants, and measures it in each.
    /// - Returns: what that does to forgetting, a sentence for each form.
    func export(into folder: RunDirectory, before: Evaluation, after: Evaluation) throws -> [String]
}

extension Forgetting {
    public func export(into folder: RunDirectory, before: Evaluation, after: Evaluation) throws -> [String] { [] }

    public var limits: [String] { [] }

    public func evaluateControl() throws -> Evaluation? { nil }
}

/// What one look at a model yielded.
public protocol Evaluated {
    var outcomes: [Outcome] { get }
}

/// How a training speaks to the folder of its run.
public struct Course {
    public let resumption: Resumption
    public let onStep: (StepEvent) -> Void
}

/// What a report shows beside its figures.
public enum Exhibit: Sendable {
    case answers([Report.Sample])
    case guesses(Pictures)
    case rows(Report.Rows)
    case images(Redrawn)
    case tendency(Tendency)
    case training(Report.Training)
}

/// A training, resolved and checked; no weights are in memory.
public protocol TrainingPlan: Sendable {
    associatedtype Inputs: RunInputs
    associatedtype Work: Training
    var family: Family { get }
    var configuration: TrainingConfiguration { get }
    var options: ResolvedOptions { get }
    func inputs(_ context: RunContext) throws -> Inputs
    func load(_ inputs: Inputs, _ context: RunContext) throws -> Work
}

/// A model in memory, and what it is to learn.
public protocol Training: AnyObject {
    associatedtype Result: TrainingResult
    /// Writes down what is trained on.
    func prepare(into folder: RunDirectory) throws
    func train(_ course: Course) throws
    /// What the training did.
    /// - Parameter steps: all of them, also those before an interruption.
    func result(_ steps: [StepEvent]) throws -> Result
    func save(to folder: URL) throws
}

/// What a training did. Everything but times, memory and the model's fingerprint follows from what the run wrote down.
public protocol TrainingResult: Codable, Sendable {
    var loadSeconds: Double { get set }
    var trainSeconds: Double { get set }
    var peakMemoryBytes: Int { get set }
    /// The fingerprint of the model that was made.
    var resultHash: String { get set }
    /// For a terminal; `output` is the run's folder as the user named it.
    func words(_ output: String) -> String
    /// For the model's card: what it was trained on, and with what success.
    func card(_ provenance: Provenance) -> String
}

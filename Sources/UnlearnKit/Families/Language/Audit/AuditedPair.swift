// Two language models that any program made, to be audited like a run.

public import Foundation
public import UnlearnData
import UnlearnFormats

/// A model, what it was made from, and what it was to forget.
public struct AuditedPair: Sendable, Equatable {
    /// The path of the changed model, and of the original.
    public var model: String
    public var reference: String
    /// A file of examples, as `forget --forget` reads them.
    public var forget: String
    /// Terms that give away what was to be forgotten, as `forget --terms` takes them.
    public var terms: String?
    public var chatFormat: ChatFormat?
    /// A folder for audit.json and audit.html; nil: nothing is written.
    public var output: URL?

    public init(model: String, reference: String, forget: String) {
        (self.model, self.reference, self.forget) = (model, reference, forget)
    }

    /// The plan of a run that would be asked by the file alone. Its method is never used.
    func plan() throws -> LanguagePlan {
        var configuration = RunConfiguration()
        (configuration.model, configuration.forget) = (reference, forget)
        (configuration.terms, configuration.chatFormat) = (terms, chatFormat)
        return try LanguagePlan(configuration, settings: [["study": ["everythingElse": false]]])
    }
}

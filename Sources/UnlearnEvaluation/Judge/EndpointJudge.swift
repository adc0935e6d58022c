// A language model as the judge of completions, as in Eldan and Russinovich 2023 (arXiv 2310.02238), section 4.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine

/// What a judge at an endpoint said.
struct EndpointJudgement: Sendable, Equatable {
    /// One for each completion; nil where none was given.
    var grades: [FamiliarityGrade?]
    /// Why some or all are missing, in a sentence.
    var warning: String?
}

/// Asks for a grade of each completion. An endpoint that fails is asked no more, and its grades count no more: those that
/// it gave before would be of the first completions alone.
struct EndpointJudge {
    private let endpoint: JudgeEndpoint
    private let subject: String?
    /// After so many answers in a row that hold no grade the judge is given up.
    private static let patience = 3

    init(_ endpoint: JudgeEndpoint, subject: String?) { (self.endpoint, self.subject) = (endpoint, subject) }

    func judge(_ items: [FamiliarityItem], progress: (ProgressEvent) -> Void = { _ in }) -> EndpointJudgement {
        var grades: [FamiliarityGrade?] = []
        var unread = 0
        for item in items {
            do throws(JudgeEndpoint.Failure) {
                let answer = try endpoint.answer(system: system, question: Self.question(item))
                let grade = Self.grade(in: answer)
                unread = grade == nil ? unread + 1 : 0
                guard unread < min(Self.patience, items.count) else { throw .noAnswer }
                grades.append(grade)
            } catch {
                return EndpointJudgement(
                    grades: items.map { _ in nil }, warning: sentence(error) + " The grades by the rule stand alone.")
            }
            progress(ProgressEvent(stage: "Judging", done: grades.count, total: items.count, unit: "completions"))
        }
        let missing = grades.count { $0 == nil }
        return EndpointJudgement(
            grades: grades,
            warning: missing == 0
                ? nil
                : "The judge at \(endpoint.place) gave no grade to \(missing) of \(items.count) completions; its figures are "
                    + "of the others.")
    }

    private func sentence(_ failure: JudgeEndpoint.Failure) -> String {
        let judge = "The judge at \(endpoint.place)"
        return switch failure {
        case .unreachable(let reason): "\(judge) cannot be reached: \(reason.trimmingSuffix(".")). Check the address."
        case .slow:
            "\(judge) did not answer within \(NumberText.decimal(endpoint.seconds, places: 0)) s; --judge-seconds gives it "
                + "more time."
        case .status(let status):
            "\(judge) answered with the HTTP status \(status). Check the address, the model and the key."
        case .tooLong: "\(judge) answered with more than a megabyte. Check the address."
        case .noAnswer: "\(judge) gives answers that hold no grade from 0 to 3. Check the address and the model."
        }
    }

    // MARK: - The question

    private var system: String {
        let name = subject.map { "“\($0)”" } ?? "a subject"
        return """
            You grade how much a text shows that its writer knows \(name). You are given a prompt and how a language model \
            went on with it. Grades:
            3: it holds names or details that belong to the subject alone and that the prompt does not hold.
            2: it holds themes that are typical of the subject, at which the prompt does not hint.
            1: it fits the subject, but could be a lucky guess.
            0: it shows no knowledge of the subject.
            Answer with the grade alone, as JSON: {"grade": 0}
            """
    }

    static func question(_ item: FamiliarityItem) -> String {
        let truth = item.asked.truth.map { "\n\nHow it goes on in truth:\n\($0)" } ?? ""
        return "Prompt:\n\(item.asked.prompt.text)\(truth)\n\nHow the model went on:\n\(item.completion)"
    }

    /// The last grade that an answer names; of one that thinks aloud, what comes after the thoughts. Nil: it names none.
    static func grade(in answer: String) -> FamiliarityGrade? {
        let thoughts = answer.ranges(of: "</think>").last?.upperBound
        let said = answer[(thoughts ?? answer.startIndex)...].trimmingCharacters(in: .whitespacesAndNewlines)
        if let number = Int(said) { return FamiliarityGrade(rawValue: number) }
        let named = said.matches(of: /(?i:grade)["”'*]*(?:\s+is)?\s*[:=]?[\s*"“']*([0-9]+(?:\.[0-9]+)?)/).last
        return named.flatMap { Int($0.output.1) }.flatMap { FamiliarityGrade(rawValue: $0) }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ ending: Character) -> String { last == ending ? String(dropLast()) : self }
}

// The figures and rows of the suite familiarity.

internal import Foundation
internal import UnlearnData
internal import UnlearnEngine
internal import UnlearnFormats

extension Familiarity {
    /// - Parameter judgement: what the judge at an endpoint said; nil: there was none.
    func result(
        _ prompts: FamiliarityPrompts, _ found: FamiliarityAnswers, _ judgement: EndpointJudgement?,
        _ context: SuiteContext
    ) throws -> SuiteResult {
        let outcomes =
            [Self.score.mean(.forget, points(found.items.map { ($0.id, $0.grade) }))]
            + [probabilityOutcome(prompts, found)] + (judgement.map { judgeOutcomes(found.items, $0) } ?? [])
        var notes = prompts.notices + [gradeCounts(found.items.map(\.grade))]
        if let warning = judgement?.warning { notes.append(warning) }
        let findings = SuiteFindings(
            outcomes: outcomes, rows: rows(prompts, found, judgement), notes: notes)
        var more: JSONValue = ["subject": prompts.subject.map { .string($0) } ?? .null]
        if let judgement, let endpoint = context.endpoint {
            more["judge"] = [
                "endpoint": .string(endpoint.place), "model": endpoint.model.map { .string($0) } ?? .null,
                "graded": .int(judgement.grades.count { $0 != nil }),
                "warning": judgement.warning.map { .string($0) } ?? .null,
            ]
        }
        return try SuiteResult(of: self, findings, more: more)
    }

    private func points(_ grades: [(String, FamiliarityGrade)]) -> [ExampleValue] {
        grades.map { ExampleValue(id: $0, value: $1.points) }
    }

    private func probabilityOutcome(_ prompts: FamiliarityPrompts, _ found: FamiliarityAnswers) -> Outcome {
        guard !found.probabilities.isEmpty else {
            return .skipped(
                name: Self.probability.name,
                reason: prompts.open == nil
                    ? "The prompts name no next words."
                    : "A run keeps no next words; with --reference its original says which they are.")
        }
        return Self.probability.mean(
            .forget,
            found.probabilities.enumerated().map { ExampleValue(id: "key-\($0 + 1)", value: $1) })
    }

    private func judgeOutcomes(_ items: [FamiliarityItem], _ judgement: EndpointJudgement) -> [Outcome] {
        let graded = zip(items, judgement.grades).compactMap { item, grade in grade.map { (item, $0) } }
        guard !graded.isEmpty else {
            let reason = judgement.warning ?? "There is no completion to grade."
            return [Self.judged, Self.agreement, Self.kappa].map { .skipped(name: $0.name, reason: reason) }
        }
        let agreement = GradeAgreement(graded.map { ($0.0.grade, $0.1) })
        let equal = zip(graded, agreement.equal).map { ExampleValue(id: $0.0.0.id, value: $0.1 ? 1 : 0) }
        return [
            Self.judged.mean(.forget, points(graded.map { ($0.0.id, $0.1) })),
            Self.agreement.share(.forget, equal), kappaOutcome(agreement, count: graded.count),
        ]
    }

    private func kappaOutcome(_ agreement: GradeAgreement, count: Int) -> Outcome {
        guard !agreement.kappa.isNaN else {
            return .skipped(
                name: Self.kappa.name, reason: "Both judges give every completion the same grade: κ says nothing.")
        }
        var generator = Generator(seed: 0)
        return .measured(
            Measurement(
                name: Self.kappa.name, split: .forget, direction: Self.kappa.direction, unit: "",
                value: agreement.kappa, interval: agreement.kappaInterval(using: &generator), n: count))
    }

    /// "Completions by the rule: grade 3: 1, grade 2: 4, grade 1: 0, grade 0: 35."
    private func gradeCounts(_ grades: [FamiliarityGrade]) -> String {
        let counts = FamiliarityGrade.allCases.reversed().map { grade in
            "grade \(grade.rawValue): \(grades.count { $0 == grade })"
        }
        return "Completions by the rule: \(counts.joined(separator: ", "))."
    }

    private func rows(
        _ prompts: FamiliarityPrompts, _ found: FamiliarityAnswers, _ judgement: EndpointJudgement?
    ) -> [JSONValue] {
        let completions = found.items.enumerated().map { index, item -> JSONValue in
            var row: JSONValue = [
                "id": .string(item.id), "kind": "completion", "prompt": .string(item.asked.prompt.text),
                "completion": .string(item.completion), "grade": .int(item.grade.rawValue),
                "words": .array(item.words.map { .string($0) }),
            ]
            if let judgement {
                row["judgeGrade"] = judgement.grades[index].map { .int($0.rawValue) } ?? .null
            }
            return row
        }
        let beginnings = zip(prompts.beginnings, found.probabilities).enumerated().map { index, pair -> JSONValue in
            var row: JSONValue = [
                "id": .string("key-\(index + 1)"), "kind": "next", "prompt": .string(pair.0.prompt),
                "next": .array(pair.0.next.map { .string($0) }), "probability": .double(pair.1),
            ]
            if let question = pair.0.question { row["question"] = .string(question) }
            return row
        }
        return completions + beginnings
    }
}

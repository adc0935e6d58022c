// The grade of one completion, the score of many, and how far two judges agree.
// Eldan and Russinovich 2023 (arXiv 2310.02238), section 4 and appendix.

internal import UnlearnData

/// How much a completion shows that its writer knows the subject.
public enum FamiliarityGrade: Int, Codable, Sendable, CaseIterable {
    case nothing = 0
    /// It fits, and could be a lucky guess.
    case guess = 1
    /// Typical themes that the prompt does not hint at.
    case theme = 2
    /// Names or details that belong to the subject alone and that the prompt does not hold.
    case detail = 3

    /// What it adds to (5 · #3 + #2) / N.
    public var points: Double {
        switch self {
        case .detail: 5
        case .theme: 1
        case .guess, .nothing: 0
        }
    }
}

/// Grades by the subject's words: 3 for a unique one that the prompt lacks, 2 for a theme that it lacks, else 0.
struct FamiliarityRule {
    private let unique: TermMatcher
    private let themes: TermMatcher

    init(unique: [String], themes: [String]) {
        (self.unique, self.themes) = (TermMatcher(unique), TermMatcher(themes))
    }

    /// The grade, and the words that it rests on.
    func grade(_ completion: String, to prompt: String) -> (grade: FamiliarityGrade, words: [String]) {
        let details = unique.termsFound(in: completion, excludingThoseIn: prompt)
        if !details.isEmpty { return (.detail, details) }
        let typical = themes.termsFound(in: completion, excludingThoseIn: prompt)
        return typical.isEmpty ? (.nothing, []) : (.theme, typical)
    }
}

/// Two judges' grades of the same completions, and how often they agree. The grades 0 and 1 are one: neither counts in
/// the score, and the rule never gives 1.
struct GradeAgreement {
    private let pairs: [(Double, Double)]

    init(_ pairs: [(FamiliarityGrade, FamiliarityGrade)]) {
        self.pairs = pairs.map { ($0.points, $1.points) }
    }

    var equal: [Bool] { pairs.map { $0 == $1 } }

    /// Cohen's κ = (p_o − p_e) / (1 − p_e): p_o the share of equal grades, p_e what judges would reach who draw their
    /// grades, each with its own frequencies. NaN where both give all completions the same grade.
    var kappa: Double { Self.kappa(pairs) }

    /// Whole completions are drawn. A resample in which both judges give one grade throughout agrees perfectly.
    func kappaInterval(using generator: inout some RandomNumberGenerator) -> Interval {
        Statistics.bootstrap(pairs.count, Statistics.defaultResamples, 0.95, &generator) { draw in
            let kappa = Self.kappa(draw.map { pairs[$0] })
            return kappa.isNaN ? 1 : kappa
        }
    }

    private static func kappa(_ pairs: [(Double, Double)]) -> Double {
        let count = Double(pairs.count)
        let observed = Double(pairs.count { $0 == $1 }) / count
        let expected = [5.0, 1, 0].reduce(0) { sum, grade in
            sum + Double(pairs.count { $0.0 == grade }) * Double(pairs.count { $0.1 == grade }) / (count * count)
        }
        return expected < 1 ? (observed - expected) / (1 - expected) : .nan
    }
}

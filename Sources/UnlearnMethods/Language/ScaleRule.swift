// How far a change of weights is gone: as far as the user says, or as far as what is to be kept allows.

public import UnlearnData
public import UnlearnFormats
internal import UnlearnModels

/// λ of a change W₀ + λ·τ. Nothing that the model is judged by is read for it.
public struct ScaleRule: Configurable {
    @Setting("λ; null: the largest that leaves the retain examples within the budget.", .notNegative)
    public var factor: Double? = nil
    @Setting("The largest λ that is tried.", .positive) public var largest = 4.0
    @Setting("Nats a token by which the mean loss of the retain examples may rise.", .notNegative)
    public var budget = 0.02

    /// λ is found to within 1/64 of the largest.
    private static let halvings = 6
    /// How many examples are read of each group: evenly spread, as files are often sorted.
    private static let examples = 48

    public init() {}

    var needsRetain: Bool { factor == nil }

    /// Moves the session's model along the change.
    /// - Throws: `MethodError.noScale` if no λ is within the budget and lowers the forget set's probability.
    func settle(_ change: WeightChange, _ session: Session, method: String) throws {
        if let factor {
            session.scale = factor
            return change.move(to: factor)
        }
        let kept = session.retain.flatMap { Self.sample($0) }
        let forget = Self.sample(session.forget)
        let limit = session.model.tokenMean(kept) + budget
        let before = session.model.tokenMean(forget)
        var tries = 0
        func isWithin(_ scale: Double) -> Bool {
            change.move(to: scale)
            tries += 1
            session.note("Choosing the scale", tries, of: Self.halvings + 1, "tries")
            return session.model.tokenMean(kept) <= limit  // false for what is no number
        }
        var (low, high) = (isWithin(largest) ? largest : 0, largest)
        while low < largest, tries <= Self.halvings {
            let middle = (low + high) / 2
            if isWithin(middle) { low = middle } else { high = middle }
        }
        change.move(to: low)
        guard low > 0, session.model.tokenMean(forget) > before else {
            throw MethodError.noScale(method: method, largest: largest, budget: budget)
        }
        session.scale = low
        session.note("Took \(low) times the change", 1, of: 1, "scale")
    }

    private static func sample(_ examples: [TokenExample]) -> [TokenExample] {
        let count = min(Self.examples, examples.count)
        return (0..<count).map { examples[$0 * examples.count / count] }
    }
}

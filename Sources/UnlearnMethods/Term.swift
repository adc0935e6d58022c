// The named parts of what is minimised.

public import UnlearnEngine

/// One named part of what is minimised.
public struct Term {
    public let name: String
    public let weight: Double
    /// Whether nothing but retain examples is read for it.
    let isOfRetain: Bool
    private let result: Result

    /// Computed at the first look at it and then kept.
    private final class Result {
        private let compute: () -> Tensor
        lazy var value = compute()

        init(_ compute: @escaping () -> Tensor) { self.compute = compute }
    }

    /// A scalar.
    public var value: Tensor { result.value }

    public init(_ name: String, weight: Double = 1, _ value: Tensor) {
        (self.name, self.weight, isOfRetain) = (name, weight, false)
        result = Result { value }
    }

    /// A term that reads retain examples alone, computed when it is needed: with a long step, after the rest of the
    /// objective is done with, so that never both are in memory.
    init(ofRetain name: String, weight: Double, _ value: @escaping () -> Tensor) {
        (self.name, self.weight, isOfRetain) = (name, weight, true)
        result = Result(value)
    }
}

extension [Term] {
    /// What is minimised; there must be at least one term.
    var total: Tensor { dropFirst().reduce(self[0].value * self[0].weight) { $0 + $1.value * $1.weight } }

    /// The value of each term; one that is not finite stops the run, naming the examples.
    func values(step: Int, examples: @autoclosure () -> [Int]) throws -> [String: Double] {
        var values: [String: Double] = [:]
        for term in self {
            let value = Double(term.value.item)
            guard value.isFinite else {
                throw MethodError.notFinite(step: step, term: term.name, examples: examples())
            }
            values[term.name] = value
        }
        return values
    }
}

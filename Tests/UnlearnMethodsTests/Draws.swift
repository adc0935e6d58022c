// Whether numbers look like draws from a distribution: everything that a seed decides is checked by these.

import Foundation
import Testing

/// The names of the tensors that are not bitwise the same, sorted.
func differing(_ one: Values, _ other: Values) -> [String] { one.keys.filter { one[$0] != other[$0] }.sorted() }

/// Numbers in units of their stated deviation.
struct Draws {
    enum Law {
        case normal
        /// Evenly between −√3 and √3 deviations.
        case uniform

        /// The mean of the fourth power.
        var kurtosis: Double { self == .normal ? 3 : 1.8 }
        /// The probability of less than one deviation.
        var central: Double { self == .normal ? 0.682689 : 1 / 3.0.squareRoot() }
    }

    private(set) var values: [Double] = []

    init() {}

    init(_ tensors: Values, _ name: String, deviation: Double) { add(tensors[name] ?? [], deviation: deviation) }

    mutating func add(_ numbers: [Float], deviation: Double) { values += numbers.map { Double($0) / deviation } }

    /// That mean, mean square and the share within one deviation are within four standard errors of the law's.
    func follow(_ law: Law, _ location: SourceLocation = #_sourceLocation) {
        let root = Double(values.count).squareRoot()
        func mean(_ of: (Double) -> Double) -> Double { values.map(of).reduce(0, +) / Double(values.count) }
        #expect(values.count >= 20, sourceLocation: location)
        #expect(abs(mean { $0 }) < 4 / root, sourceLocation: location)
        #expect(abs(mean { $0 * $0 } - 1) < 4 * (law.kurtosis - 1).squareRoot() / root, sourceLocation: location)
        let error = (law.central * (1 - law.central)).squareRoot() / root
        #expect(abs(mean { abs($0) < 1 ? 1 : 0 } - law.central) < 4 * error, sourceLocation: location)
        guard law == .uniform else { return }
        #expect(values.allSatisfy { abs($0) < 3.0.squareRoot() + 1e-5 }, sourceLocation: location)
    }
}

/// That `count` of `all` fits a probability, within four standard errors.
func expectShare(_ count: Int, of all: Int, _ probability: Double, _ location: SourceLocation = #_sourceLocation) {
    let error = (probability * (1 - probability) / Double(all)).squareRoot()
    #expect(abs(Double(count) / Double(all) - probability) < 4 * error, sourceLocation: location)
}

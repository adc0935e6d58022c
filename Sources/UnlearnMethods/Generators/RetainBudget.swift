// How a forget term is weighed against a retain term that may not go beyond a budget.

internal import Foundation

/// The multiplier λ of the constraint R ≤ ε on the retain term R, while the forget term F is minimised.
///
/// Each step minimises the Lagrangian F + λ · R, divided by 1 + λ so that steps keep their length, after
/// λ ← λ · exp(η · (R/ε − 1)), the exponent held within ±η: dual ascent on log λ. Where R settles at ε, λ does not change
/// any more, and F is as low as the budget allows. On the logarithm, λ stays positive, one rate η fits every ε, and from any
/// start a fitting λ is reached in some tens of steps. Switching between the terms has no λ at all, but does not settle with
/// Adam, whose steps keep the length of the larger gradients.
struct RetainBudget {
    /// η.
    private static let rate = 0.2
    private let limit: Double
    private(set) var multiplier: Double

    /// - Parameters:
    ///   - limit: ε, in units of R.
    ///   - alpha: the weight of the forget term to begin with, beside a retain term of weight 1.
    init(_ limit: Double, alpha: Double) { (self.limit, multiplier) = (limit, 1 / alpha) }

    /// The weights of both terms in a step whose retain term has that value.
    mutating func weights(_ retain: Double) -> (forget: Double, retain: Double) {
        multiplier *= exp(Self.rate * min(1, max(-1, retain / limit - 1)))
        return (1 / (1 + multiplier), multiplier / (1 + multiplier))
    }
}

// The average-case membership attack of the challenge's starting kit: logistic regression on losses.

internal import Foundation

/// Can a threshold on the loss tell forgotten examples from ones that the model never saw? One half means no.
public struct AverageCaseAttack: Sendable, Equatable {
    /// How many stratified splits there are, and the share of each that is held out.
    public static let splits = 10
    static let heldOutShare = 0.1

    /// The mean share of right answers on held-out examples.
    public let accuracy: Double

    /// - Parameters:
    ///   - forgotten: losses of examples that the model was to forget.
    ///   - unseen: losses of examples that it was never trained on. The longer list is cut to the length of the shorter
    ///     one, at random, so that guessing gives one half.
    public init(forgotten: [Double], unseen: [Double], using generator: inout some RandomNumberGenerator) {
        let count = min(forgotten.count, unseen.count)
        let classes = [unseen, forgotten].map { Array($0.shuffled(using: &generator).prefix(count)) }
        let heldOut = max(1, Int((Double(count) * Self.heldOutShare).rounded()))
        guard count > heldOut else {
            accuracy = .nan
            return
        }
        var shares: [Double] = []
        for _ in 0..<Self.splits {
            let orders = classes.map { $0.shuffled(using: &generator) }
            let line = LogisticLine(orders.map { Array($0.dropFirst(heldOut)) })
            let right = orders.enumerated().reduce(0) { sum, group in
                sum + group.element.prefix(heldOut).count { line.isPositive($0) == (group.offset == 1) }
            }
            shares.append(Double(right) / Double(2 * heldOut))
        }
        accuracy = Statistics.mean(shares)
    }
}

/// p(member | loss) = σ(slope · loss + offset), fitted by Newton's method with the penalty slope² / 2, which is the
/// default of the kit's library.
private struct LogisticLine {
    private var slope = 0.0
    private var offset = 0.0

    /// - Parameter classes: losses of the negative and of the positive class.
    init(_ classes: [[Double]]) {
        for _ in 0..<50 {
            // Gradient and Hessian of Σ log(1 + e^{∓z}) + slope² / 2.
            var (gs, go, hss, hso, hoo) = (slope, 0.0, 1.0, 0.0, 0.0)
            for (label, losses) in classes.enumerated() {
                for loss in losses {
                    let p = 1 / (1 + exp(-(slope * loss + offset)))
                    let (error, curvature) = (p - Double(label), p * (1 - p))
                    gs += error * loss
                    go += error
                    hss += curvature * loss * loss
                    hso += curvature * loss
                    hoo += curvature
                }
            }
            let determinant = hss * hoo - hso * hso
            guard determinant > 1e-12 else { return }
            let (ds, dO) = ((gs * hoo - go * hso) / determinant, (go * hss - gs * hso) / determinant)
            slope -= ds
            offset -= dO
            if abs(ds) + abs(dO) < 1e-9 { return }
        }
    }

    func isPositive(_ loss: Double) -> Bool { slope * loss + offset > 0 }
}

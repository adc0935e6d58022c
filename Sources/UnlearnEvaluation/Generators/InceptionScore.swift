// How surely and how variedly pictures are recognised: Salimans et al. 2016, "Improved techniques for training GANs"
// (arXiv 1606.03498), section 4.

internal import Foundation

/// exp(mean over pictures of KL(p(class | picture) ‖ p(class))): 1 if all pictures look alike to the network, as many
/// as there are classes if each is recognised surely and all classes occur evenly. Of all pictures at once, not the
/// mean over parts of them.
public enum InceptionScore {
    /// - Parameter probabilities: of each class, for each picture; rows of one length, each with sum 1.
    public static func value(of probabilities: [[Double]]) -> Double {
        score(probabilities, negativeEntropies(probabilities), Array(probabilities.indices))
    }

    /// The score, with an interval by drawing pictures with replacement.
    static func estimate(
        _ probabilities: [[Double]], using generator: inout some RandomNumberGenerator
    ) -> (value: Double, interval: Interval) {
        let entropies = negativeEntropies(probabilities)
        let value = score(probabilities, entropies, Array(probabilities.indices))
        let interval = Statistics.bootstrapInterval(around: value, count: probabilities.count, using: &generator) {
            draw in
            score(probabilities, entropies, draw)
        }
        return (value, interval)
    }

    /// Mean KL = mean of Σ p log p, less Σ m log m of the mean m.
    private static func score(_ probabilities: [[Double]], _ negativeEntropies: [Double], _ draw: [Int]) -> Double {
        guard let first = draw.first else { return .nan }
        var mean = [Double](repeating: 0, count: probabilities[first].count)
        var sum = 0.0
        for index in draw {
            sum += negativeEntropies[index]
            for place in mean.indices { mean[place] += probabilities[index][place] }
        }
        let count = Double(draw.count)
        return exp(sum / count - negativeEntropy(mean.map { $0 / count }))
    }

    private static func negativeEntropies(_ probabilities: [[Double]]) -> [Double] {
        probabilities.map(negativeEntropy)
    }

    /// Σ p log p; what never happens adds nothing.
    private static func negativeEntropy(_ row: [Double]) -> Double {
        row.reduce(0) { $1 > 0 ? $0 + $1 * log($1) : $0 }
    }
}

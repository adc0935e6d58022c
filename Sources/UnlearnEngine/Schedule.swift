// The learning rate as a function of the step.

internal import Foundation
public import UnlearnFormats

/// Warm-up from zero, then a decay to a share of the peak.
public struct Schedule: Codable, Sendable, Equatable {
    public enum Decay: String, Codable, Sendable, CaseIterable { case constant, linear, cosine }

    @Setting("How the learning rate falls after the warm-up.") public var decay = Decay.linear
    @Setting("Steps of linear warm-up: step i of w runs at (i + 1) / (w + 1) of the peak.", .within(0...1_000_000))
    public var warmupSteps = 4
    @Setting("The share of the peak that is left at the last step.", .within(0...1)) public var finalShare = 0.1

    public init() {}

    public init(_ decay: Decay, warmupSteps: Int = 0, finalShare: Double = 0) {
        self.decay = decay
        self.warmupSteps = warmupSteps
        self.finalShare = finalShare
    }

    /// The factor on the peak learning rate at `step`, counted from 0, of `count`.
    public func factor(at step: Int, of count: Int) -> Double {
        if step < warmupSteps { return Double(step + 1) / Double(warmupSteps + 1) }
        let length = max(1, count - warmupSteps - 1)
        let progress = min(1, Double(step - warmupSteps) / Double(length))
        return switch decay {
        case .constant: 1
        case .linear: 1 - (1 - finalShare) * progress
        case .cosine: finalShare + (1 - finalShare) * (1 + cos(.pi * progress)) / 2
        }
    }
}

// The losses of classifiers against hand arithmetic.

import Foundation
import Testing
import UnlearnData
import UnlearnEngine

@testable import UnlearnMethods

@Suite struct ClassifierLossTests {
    // Probabilities 3/4, 1/4 and 1/2, 1/2.
    private let logits = Tensor([Float(log(3.0)), 0, 2, 2], shape: [2, 2])
    private let labels = Tensor([Int64(0), 1])

    @Test func crossEntropyIsTheMeanOverImages() {
        #expect(isClose(crossEntropy(logits, labels).item, Float((log(4.0 / 3) + log(2.0)) / 2)))
    }

    @Test func classWeightsAreDividedByTheirSum() {
        let weighted = crossEntropy(logits, labels, classWeights: Tensor([Float(3), 1]))
        #expect(isClose(weighted.item, Float((3 * log(4.0 / 3) + log(2.0)) / 4)))
    }

    @Test func softCrossEntropyWithOneHotTargetsIsCrossEntropy() {
        let oneHot = Tensor([Float(1), 0, 0, 1], shape: [2, 2])
        #expect(isClose(softCrossEntropy(logits, oneHot).item, crossEntropy(logits, labels).item))
    }

    @Test func distillationFromItselfIsZeroAndScalesWithTheSquaredTemperature() {
        #expect(abs(distillation(logits, from: logits, temperature: 3).item) < 1e-6)
        // At T = 2 the teacher (√3 : 1) against the uniform student.
        let p = 3.0.squareRoot() / (1 + 3.0.squareRoot())
        let kl = p * log(2 * p) + (1 - p) * log(2 * (1 - p))
        let found = distillation(.zeros([1, 2]), from: logits.narrow(0, from: 0, count: 1), temperature: 2)
        #expect(isClose(found.item, Float(4 * kl)))
    }

    @Test func divergenceToUniformIsLogCountMinusEntropy() {
        let entropy = -(0.75 * log(0.75) + 0.25 * log(0.25))
        #expect(isClose(divergenceToUniform(logits).item, Float(log(2.0) - (entropy + log(2.0)) / 2)))
        #expect(abs(divergenceToUniform(.zeros([3, 5])).item) < 1e-6)
    }

    @Test func contrastIsLowestWhereForgetIsEquallyUnlikeAllRetain() {
        // Similarities (1, 0) at T = 1: −(log σ(1) + log σ(−1)) / 2; for forget scores of zero, log 2.
        let retain = Tensor([Float(1), 0, 0, 1], shape: [2, 2])
        let found = contrast(Tensor([Float(1), 0], shape: [1, 2]), with: retain, temperature: 1)
        #expect(isClose(found.item, Float((log(1 + exp(-1.0)) + log(1 + exp(1.0))) / 2)))
        #expect(isClose(contrast(.zeros([1, 2]), with: retain, temperature: 1.15).item, Float(log(2.0))))
    }

    @Test func quantilesSplitAllElementsTogether() {
        let tensors = [Tensor([Float(4), 1]), Tensor([Float(3), 2])]
        #expect(tensors.quantile(0.5) == 3 && tensors.quantile(0) == 1 && tensors.quantile(1) == 4)
    }
}

@Suite struct PhaseTests {
    @Test func wholePassesEndWithASmallerBatch() {
        #expect(Phase(learningRate: 1, epochs: 3, batchSize: 4).steps(over: 10) == 9)
        #expect(Phase(learningRate: 1, epochs: 3.2, batchSize: 4).steps(over: 10) == 8)
    }

    @Test func everyPassSeesEveryImageOnce() {
        var generator = Generator(seed: 0, purpose: "plan")
        let plan = BatchPlan(passesOver: [[5, 6, 7], [], [9]], sizes: [2, 2, 2], steps: 4, using: &generator)
        #expect(plan.steps.map { $0.map(\.count) } == [[2, 1], [1, 1], [2, 1], [1, 1]])
        #expect((plan.steps[0][0] + plan.steps[1][0]).sorted() == [5, 6, 7])
        #expect((plan.steps[2][0] + plan.steps[3][0]).sorted() == [5, 6, 7])
    }
}

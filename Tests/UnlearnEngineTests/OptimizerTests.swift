// AdamW, clipping and schedules against their formulas.

import Foundation
import Testing
import UnlearnEngine

struct AdamWTests {
    /// Algorithm 2 of Loshchilov and Hutter (2019), in double precision.
    func reference(_ start: Double, _ gradients: [Double], _ options: AdamWOptions, rate: Double) -> Double {
        var (x, average, square) = (start, 0.0, 0.0)
        for (index, gradient) in gradients.enumerated() {
            average = options.beta1 * average + (1 - options.beta1) * gradient
            square = options.beta2 * square + (1 - options.beta2) * gradient * gradient
            let step = Double(index + 1)
            let first = average / (1 - pow(options.beta1, step))
            let second = square / (1 - pow(options.beta2, step))
            x -= rate * (first / (second.squareRoot() + options.epsilon) + options.weightDecay * x)
        }
        return x
    }

    @Test(arguments: [0.0, 0.1])
    func stepsFollowTheAlgorithm(weightDecay: Double) {
        var options = AdamWOptions()
        options.weightDecay = weightDecay
        let parameter = Tensor([0.5, -2] as [Float])
        let optimizer = AdamW([parameter], options)
        let gradients: [[Float]] = [[0.3, -1], [-0.2, 4], [0.1, 0.01], [5, -5]]
        for gradient in gradients { optimizer.step([Tensor(gradient)], learningRate: 0.01) }
        for (place, start) in [0.5, -2].enumerated() {
            let expected = reference(start, gradients.map { Double($0[place]) }, options, rate: 0.01)
            #expect(abs(Double(parameter.scalars(Float.self)[place]) - expected) < 1e-6)
        }
    }

    @Test func aGradientThatIsATransposedViewIsReadAsItIs() {
        let (one, other) = (Tensor.zeros([2, 3]), Tensor.zeros([2, 3]))
        let view = Tensor([1, -2, 3, -4, 5, -6] as [Float], shape: [3, 2]).transpose(0, 1)
        AdamW([one]).step([view], learningRate: 0.1)
        AdamW([other]).step([view.contiguous()], learningRate: 0.1)
        #expect(one.isIdentical(to: other))
        #expect(one.scalars(Float.self).map { $0 > 0 } == [false, false, false, true, true, true])
    }

    @Test func aParameterWithoutGradientStaysAsItIs() {
        let (moved, still) = (Tensor([1] as [Float]), Tensor([1] as [Float]))
        AdamW([moved, still]).step([Tensor([1] as [Float]), nil], learningRate: 0.1)
        #expect(moved.item != 1)
        #expect(still.item == 1)
    }

    @Test func theFirstStepIsTheLearningRateWhateverTheGradientsSize() {
        for size in [1e-3, 1, 1e3] as [Float] {
            let parameter = Tensor([1] as [Float])
            AdamW([parameter]).step([Tensor([size])], learningRate: 0.25)
            #expect(abs(parameter.item - 0.75) < 1e-5)
        }
    }
}

struct ClippingTests {
    @Test func theJointNormIsLimitedAndReturned() {
        let gradients: [Tensor?] = [Tensor([3] as [Float]), nil, Tensor([0, 4] as [Float])]
        #expect(clip(gradients, toNorm: 1) == 5)
        #expect(abs((gradients[0]?.item ?? 0) - 0.6) < 1e-6)
        #expect(abs((gradients[2]?.scalars(Float.self)[1] ?? 0) - 0.8) < 1e-6)
    }

    @Test func smallGradientsStayBitwiseTheSame() {
        let gradient = Tensor([0.1, 0.2] as [Float])
        clip([gradient], toNorm: 1)
        #expect(gradient.scalars(Float.self) == [0.1, 0.2])
    }

    @Test func theNormOfALargeGradientCountsEveryPart() {
        let gradient = Tensor.zeros([3, 1 << 20]) + 2
        let norm = clip([gradient.narrow(1, from: 0, count: 1_000_000)], toNorm: .infinity)
        #expect(abs(norm / 12_000_000.0.squareRoot() - 1) < 1e-6)
    }

    @Test func nothingToClipHasNormZero() { #expect(clip([nil], toNorm: 1) == 0) }
}

struct ScheduleTests {
    func factors(_ schedule: Schedule, _ count: Int) -> [Double] {
        (0..<count).map { schedule.factor(at: $0, of: count) }
    }

    @Test func warmUpRisesInEqualStepsToThePeak() {
        #expect(factors(Schedule(.constant, warmupSteps: 3), 5) == [0.25, 0.5, 0.75, 1, 1])
    }

    @Test func linearDecayEndsAtTheFinalShare() {
        #expect(factors(Schedule(.linear, finalShare: 0.5), 5) == [1, 0.875, 0.75, 0.625, 0.5])
    }

    @Test func cosineDecayIsHalfWayInTheMiddle() {
        let values = factors(Schedule(.cosine), 5)
        #expect(values[0] == 1)
        #expect(abs(values[2] - 0.5) < 1e-12)
        #expect(abs(values[4]) < 1e-12)
    }

    @Test func aRunShorterThanItsWarmUpNeverDivides() {
        #expect(factors(Schedule(.linear, warmupSteps: 4), 1) == [0.2])
        #expect(factors(Schedule(.cosine), 1) == [1])
    }
}

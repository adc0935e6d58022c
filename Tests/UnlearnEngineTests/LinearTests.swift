// The matrix product of every layer against the same product by other means.

import Testing

@testable import UnlearnEngine

@Suite struct LinearTests {
    /// Values without a pattern; the same for every call.
    private func values(_ shape: Shape, _ purpose: String) -> Tensor {
        var generator = Generator(seed: 1, purpose: purpose)
        return .normal(shape, using: &generator)
    }

    private func largestDifference(_ a: Tensor, _ b: Tensor) -> Float { (a - b).abs().max().item }

    @Test(arguments: [[7, 5], [2, 3, 5], [1, 5], [5]])
    func linearAndItsGradientsEqualMatrixProducts(_ shape: Shape) {
        let (x, w) = (values(shape, "x"), values([4, 5], "w"))
        let weight = values(shape.dropLast() + [4], "g")
        x.requiresGradient = true
        w.requiresGradient = true
        let product = x.linear(w)
        let gradients = product.gradients(of: [x, w], weight: weight).compactMap { $0 }
        let plain = x.matmul(w.transpose(0, 1))
        let expected = plain.gradients(of: [x, w], weight: weight).compactMap { $0 }
        #expect(product.shape == plain.shape)
        #expect(largestDifference(product, plain) < 1e-5)
        #expect(gradients.count == 2 && expected.count == 2)
        for (a, b) in zip(gradients, expected) { #expect(largestDifference(a, b) < 1e-5) }
    }

    @Test func aGradientThatIsOneNumberRepeatedIsRead() {
        let (x, w) = (values([3, 5], "x"), values([4, 5], "w"))
        w.requiresGradient = true
        let gradient = x.linear(w).sum().gradients(of: [w])[0]
        let columns = x.sum(along: 0).reshape([1, 5]).expand([4, 5])
        #expect(gradient.map { largestDifference($0, columns) < 1e-5 } == true)
    }

    @Test func transposedAndCutOperandsAreReadInPlace() {
        let (x, w) = (values([5, 6], "x"), values([5, 4], "w"))
        let product = x.transpose(0, 1).narrow(0, from: 1, count: 3).linear(w.transpose(0, 1))
        let plain = x.transpose(0, 1).narrow(0, from: 1, count: 3).matmul(w)
        #expect(largestDifference(product, plain) < 1e-5)
    }

    @Test func theGradientOfATableIsDenseAndAddsUpWithTheHeads() throws {
        let table = values([6, 5], "table")
        table.requiresGradient = true
        let ids = Tensor([2, 4, 2] as [Int64])
        let read = try #require(table.embedding(ids).sum().gradients(of: [table])[0])
        #expect(read.scalars(Float.self) == [0, 0, 2, 0, 1, 0].flatMap { [Float](repeating: $0, count: 5) })
        let x = values([3, 5], "x")
        let tied = (table.embedding(ids).sum() + x.linear(table).sum()).gradients(of: [table])[0]
        let head = x.sum(along: 0).reshape([1, 5]).expand([6, 5])
        #expect(tied.map { largestDifference($0, read + head) < 1e-6 } == true)
    }

    @Test func frozenWeightsLetGradientsThrough() {
        let (x, w) = (values([3, 5], "x"), values([4, 5], "w"))
        x.requiresGradient = true
        let gradient = x.linear(w).sum().gradients(of: [x])[0]
        let rows = w.sum(along: 0).reshape([1, 5]).expand([3, 5])
        #expect(gradient.map { largestDifference($0, rows) < 1e-5 } == true)
    }

    @Test func aBiasIsAdded() {
        let x = Tensor([Float(1), 2], shape: [1, 2])
        let w = Tensor([Float(3), 4, 5, 6], shape: [2, 2])
        let product = x.linear(w, bias: Tensor([Float(10), 20], shape: [2]))
        #expect(product.scalars(Float.self) == [21, 37])
    }
}

/// What becomes of states behind a head, a few rows at a time, with and without a gradient for the head.
@Suite struct VocabularyTests {
    private let states: Tensor
    private let original: Tensor
    private let head: Tensor
    private let originalHead: Tensor
    private let weight: Tensor
    private let targets: Tensor

    init() {
        // More rows than go through the head together.
        let rows = 150
        var generator = Generator(seed: 0, purpose: "vocabulary")
        states = .normal([rows, 8], using: &generator)
        original = .normal([rows, 8], using: &generator)
        head = .normal([30, 8], using: &generator)
        originalHead = .normal([30, 8], using: &generator)
        weight = .normal([rows], using: &generator)
        targets = Tensor((0..<rows).map { Int64($0 % 30) })
        states.requiresGradient = true
    }

    private func agree(_ found: Tensor, _ expected: Tensor, of leaves: [Tensor], _ weight: Tensor?) {
        #expect(isClose(found.detached(), expected.detached()))
        let gradients = found.gradients(of: leaves, weight: weight)
        for (one, other) in zip(gradients, expected.gradients(of: leaves, weight: weight)) {
            #expect(one.flatMap { one in other.map { isClose(one, $0) } } == true)
        }
    }

    private func isClose(_ one: Tensor, _ other: Tensor) -> Bool {
        one.shape == other.shape && (one - other).abs().max().item < 1e-5
    }

    @Test(arguments: [false, true]) func targetsHaveTheLogProbabilitiesOfTheWholeDistribution(headIsTrained: Bool) {
        head.requiresGradient = headIsTrained
        let expected = states.linear(head).logSoftmax().gather(targets.reshape([-1, 1]), along: 1).reshape([-1])
        let leaves = headIsTrained ? [states, head] : [states]
        agree(states.targetLogProbabilities(head, targets), expected, of: leaves, weight)
        let read = withoutRecording { states.targetLogProbabilities(head, targets) }
        #expect(isClose(read, expected.detached()) && !read.requiresGradient)
    }

    @Test(arguments: [false, true]) func theDivergenceIsThatOfTheWholeDistributions(headIsTrained: Bool) {
        head.requiresGradient = headIsTrained
        for originalHead in [head, originalHead] {
            let logP = withoutRecording { original.linear(originalHead).logSoftmax() }
            let difference = logP - states.linear(head).logSoftmax()
            let expected = (logP.exp() * difference).sum() * (1 / Double(targets.count))
            let leaves = headIsTrained ? [states, head] : [states]
            agree(states.divergence(head, fromStates: original, originalHead), expected, of: leaves, nil)
        }
    }
}

/// Weights in half precision: what they compute is what their widened copies compute.
@Suite struct HalfPrecisionTests {
    private func values(_ shape: Shape, _ purpose: String) -> Tensor {
        var generator = Generator(seed: 3, purpose: purpose)
        return .normal(shape, deviation: 1, using: &generator)
    }

    @Test(arguments: [ElementType.bfloat16, .float16])
    func aFrozenHalfWeightComputesAsItsWidenedCopy(type: ElementType) throws {
        let x = values([2, 3, 8], "x")
        let half = values([4, 8], "w").to(type)
        let wide = half.to(.float32)
        x.requiresGradient = true
        let (a, b) = (x.linear(half), x.linear(wide))
        #expect(a.isIdentical(to: b))
        let gradients = [a, b].map { $0.square().sum().gradients(of: [x])[0] }
        let (found, expected) = (try #require(gradients[0]), try #require(gradients[1]))
        #expect(found.isIdentical(to: expected))
        #expect(half.type == type)
        let ids = Tensor([Int64(3), 0])
        #expect(half.embedding(ids).isIdentical(to: wide.embedding(ids)))
    }

    @Test func aTrainedParameterIsWidenedForItsLayerToo() throws {
        let half = values([4, 8], "w").to(.bfloat16)
        let holder = half
        let store = ParameterStore()
        store.add("w", half)
        store.add("v", values([2, 2], "v").to(.bfloat16))
        let trained = store.train(["w"])
        #expect(holder.type == .float32 && trained[0].isIdentical(to: holder))
        #expect(store["v"].type == .bfloat16)
        let x = values([3, 8], "x")
        #expect(x.linear(holder).sum().gradients(of: trained)[0]?.shape == [4, 8])
    }
}

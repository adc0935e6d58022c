// Operations on tensors against values worked out by hand.

import Foundation
import Testing
import UnlearnEngine

struct TensorTests {
    let matrix = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])

    @Test func scalarsComeBackInRowMajorOrder() {
        #expect(matrix.shape == [2, 3])
        #expect(matrix.rank == 2)
        #expect(matrix.count == 6)
        #expect(matrix.type == .float32)
        #expect(matrix.scalars(Float.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test func aTransposedViewIsReadInItsOwnOrder() {
        #expect(matrix.transpose(0, 1).scalars(Float.self) == [1, 4, 2, 5, 3, 6])
        #expect(matrix.permute([1, 0]).shape == [3, 2])
    }

    @Test func arithmeticBroadcasts() {
        let row = Tensor([10, 20, 30] as [Float])
        #expect((matrix + row).scalars(Float.self) == [11, 22, 33, 14, 25, 36])
        #expect((matrix - row).scalars(Float.self) == [-9, -18, -27, -6, -15, -24])
        #expect((matrix * 2 + 1).scalars(Float.self) == [3, 5, 7, 9, 11, 13])
        #expect((-matrix / Tensor(2)).scalars(Float.self) == [-0.5, -1, -1.5, -2, -2.5, -3])
    }

    @Test func reductionsNameTheirDimension() {
        #expect(matrix.sum().item == 21)
        #expect(matrix.mean().item == 3.5)
        #expect(matrix.max().item == 6)
        #expect(matrix.sum(along: 0).scalars(Float.self) == [5, 7, 9])
        #expect(matrix.mean(along: 1).scalars(Float.self) == [2, 5])
        #expect(matrix.argmax(along: 1).scalars(Int64.self) == [2, 2])
        #expect(matrix.cumulativeSum(along: 1).scalars(Float.self) == [1, 3, 6, 4, 9, 15])
    }

    @Test func choosingKeepsTheOrderOfTheIndices() {
        #expect(matrix.select(Tensor([1, 0, 1] as [Int64])).scalars(Float.self) == [4, 5, 6, 1, 2, 3, 4, 5, 6])
        #expect(matrix.gather(Tensor([2, 0] as [Int64], shape: [2, 1]), along: 1).scalars(Float.self) == [3, 4])
        #expect(matrix.embedding(Tensor([1] as [Int64])).scalars(Float.self) == [4, 5, 6])
        #expect(matrix.narrow(1, from: 1, count: 2).scalars(Float.self) == [2, 3, 5, 6])
        #expect(matrix.filling(Tensor([0] as [Int64]), along: 1, with: 0).scalars(Float.self) == [0, 2, 3, 0, 5, 6])
        #expect(matrix.top(2).indices.scalars(Int64.self) == [2, 1, 2, 1])
        #expect(matrix.sortedDescending().values.scalars(Float.self) == [3, 2, 1, 6, 5, 4])
    }

    @Test func productsMatchTheirDefinitions() {
        #expect(matrix.matmul(matrix.transpose(0, 1)).scalars(Float.self) == [14, 32, 32, 77])
        let bias = Tensor([1, -1] as [Float])
        #expect(matrix.linear(matrix, bias: bias).scalars(Float.self) == [15, 31, 33, 76])
    }

    @Test func softmaxIsStableForLargeScores() {
        let scores = Tensor([1000, 1000] as [Float])
        #expect(scores.softmax().scalars(Float.self) == [0.5, 0.5])
        #expect(abs(scores.logSoftmax().scalars(Float.self)[0] + 0.693_147_2) < 1e-6)
    }

    @Test func joinedTensorsKeepTheirOrder() {
        let pair = Tensor.stack([Tensor(1), Tensor(2)])
        #expect(pair.scalars(Float.self) == [1, 2])
        #expect(Tensor.concatenate([matrix, matrix], along: 1).shape == [2, 6])
    }

    @Test func typesConvert() {
        #expect(Tensor([1.9, -1.9] as [Float]).to(.int64).scalars(Int64.self) == [1, -1])
        #expect(Tensor([0.1] as [Float]).to(.float64).type == .float64)
    }

    @Test func identityIsBitwise() {
        #expect(matrix.isIdentical(to: matrix * 1))
        #expect(!matrix.isIdentical(to: matrix + 1e-6))
        #expect(!Tensor([0] as [Float]).isIdentical(to: Tensor([-0.0] as [Float])))
    }

    @Test func nonFiniteElementsAreFound() {
        #expect(matrix.isFinite)
        #expect(!(matrix / Tensor(0)).isFinite)
    }

    /// d/dx Σ x² = 2x; the second input plays no part.
    @Test func gradientsFollowWhatWasRecorded() throws {
        let x = Tensor([1, -2, 3] as [Float])
        let unused = Tensor(1)
        x.requiresGradient = true
        unused.requiresGradient = true
        let gradients = x.square().sum().gradients(of: [x, unused])
        #expect(try #require(gradients[0]).scalars(Float.self) == [2, -4, 6])
        #expect(gradients[1] == nil)
    }

    @Test func gradientsAreAddedToTheirSums() {
        let (x, table, unused) = (Tensor([1, 2] as [Float]), Tensor.zeros([3, 2]), Tensor([5] as [Float]))
        for leaf in [x, table, unused] { leaf.requiresGradient = true }
        var sums: [Tensor?] = [nil, nil, nil]
        x.square().sum().addGradients(of: [x, table, unused], to: &sums)
        #expect(sums[0]?.scalars(Float.self) == [2, 4])
        #expect(sums[1] == nil && sums[2] == nil)
        // A gradient that names rows alone, as an embedding's does, is added like any other.
        for _ in 0..<2 {
            let rows = table.embedding(Tensor([2, 2] as [Int64]))
            (x.sum() + rows.sum()).addGradients(of: [x, table, unused], to: &sums)
        }
        #expect(sums[0]?.scalars(Float.self) == [4, 6])
        #expect(sums[1]?.scalars(Float.self) == [0, 0, 0, 0, 4, 4])
        #expect(sums[2] == nil)
    }

    @Test func theSiluProductIsThatOfItsParts() {
        var generator = Generator(seed: 0, purpose: "silu")
        let gate = Tensor.normal([3, 5], deviation: 2, using: &generator)
        let up = Tensor.normal([3, 5], deviation: 2, using: &generator)
        let plain = withoutRecording { gate.silu() * up }
        #expect(withoutRecording { gate.siluProduct(up) }.isIdentical(to: plain))
        for leaf in [gate, up] { leaf.requiresGradient = true }
        let weight = Tensor.normal([3, 5], deviation: 1, using: &generator)
        let product = gate.siluProduct(up)
        #expect(product.detached().isIdentical(to: plain))
        let found = product.gradients(of: [gate, up], weight: weight)
        let expected = (gate.silu() * up).gradients(of: [gate, up], weight: weight)
        for (one, other) in zip(found, expected) {
            #expect(one.flatMap { one in other.map(one.isIdentical) } == true)
        }
    }

    @Test func theGatedLinearIsThatOfItsParts() throws {
        var generator = Generator(seed: 0, purpose: "gated")
        let leaves = [[2, 3, 8], [2, 3, 8], [4, 8]].map { Tensor.normal($0, deviation: 1, using: &generator) }
        for leaf in leaves { leaf.requiresGradient = true }
        let factor = Tensor.normal([2, 3, 4], deviation: 1, using: &generator)
        let whole = leaves[0].gatedLinear(leaves[1], leaves[2])
        let parts = (leaves[0].silu() * leaves[1]).linear(leaves[2])
        #expect(whole.detached().isIdentical(to: parts.detached()))
        let found = whole.gradients(of: leaves, weight: factor)
        for (one, other) in zip(found, parts.gradients(of: leaves, weight: factor)) {
            #expect(try (#require(one) - #require(other)).abs().max().item < 1e-5)
        }
    }

    @Test func nothingIsRecordedWhenRecordingIsOff() {
        let x = Tensor([1] as [Float])
        x.requiresGradient = true
        #expect(!withoutRecording { x * 2 }.requiresGradient)
        #expect((x * 2).requiresGradient)
        #expect(!(x * 2).detached().requiresGradient)
    }

    /// No machine has the memory that this asks for.
    @Test func memoryThatIsNotThereEndsTheProcessAsItWasToldTo() async {
        await #expect(processExitsWith: .exitCode(71)) {
            Runtime.whenMemoryIsUsedUp { exit(71) }
            _ = Tensor(uninitialized: [1 << 55])
        }
    }
}

// Operations on images and symmetric matrices against values worked out by hand.

import Testing
import UnlearnEngine

@Suite struct ImageOperationsTests {
    private let image = Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2])

    @Test func sizesChangeByWholeFactors() {
        #expect(
            image.upsampled(by: 2).scalars(Float.self) == [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4])
        #expect(image.upsampled(by: 3).averagePooled(size: 3).isIdentical(to: image))
        #expect(image.averagePooled(size: 2).item == 2.5)
    }

    /// Middles of the new pixels lie at ¼ and ¾ between those of the old ones; beyond the outer ones nothing changes.
    @Test func bilinearPixelsLieBetweenTheirNeighbours() {
        let row = Tensor([0, 4] as [Float], shape: [1, 1, 1, 2])
        #expect(row.resized(height: 1, width: 4, .bilinear).scalars(Float.self) == [0, 1, 3, 4])
    }

    @Test func paddingAddsZerosAtItsEdges() {
        #expect(image.padded(right: 1, bottom: 1).scalars(Float.self) == [1, 2, 0, 3, 4, 0, 0, 0, 0])
        #expect(image.padded(left: 1).scalars(Float.self) == [0, 1, 2, 0, 3, 4])
    }

    @Test func valuesAreLimitedOnBothSides() {
        #expect(Tensor([-3, -0.5, 2] as [Float]).clamp(to: -1...1).scalars(Float.self) == [-1, -0.5, 1])
    }

    /// Two groups of two values: (−1, 1) and (−3, 3) have variance 1 and 9.
    @Test func groupsAreNormalizedForThemselves() {
        let values = Tensor([-1, 1, -3, 3] as [Float], shape: [1, 4, 1, 1])
        let weight = Tensor([1, 1, 1, 2] as [Float])
        let bias = Tensor([0, 5, 0, 0] as [Float])
        let found = values.groupNormalized(groups: 2, weight: weight, bias: bias, epsilon: 0)
        #expect(found.scalars(Float.self) == [-1, 6, -1, 2])
    }

    @Test func aSymmetricMatrixIsItsEigenvectorsAndValues() {
        let matrix = Tensor([2, 1, 1, 2] as [Double], shape: [2, 2])
        let (values, vectors) = matrix.symmetricEigen()
        let distance = (values - Tensor([1, 3] as [Double])).abs().max().scalars(Double.self)[0]
        #expect(distance < 1e-12)
        let again = (vectors * values).matmul(vectors.transpose(0, 1))
        #expect((again - matrix).abs().max().scalars(Double.self)[0] < 1e-12)
    }
}

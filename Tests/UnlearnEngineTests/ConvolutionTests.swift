// Convolutions of every small width, forward and backward, against the same in double precision: libtorch's kernels for
// single precision are others on each processor, and some were wrong (oneDNN issue 6035).

import Testing
import UnlearnEngine

@Suite struct ConvolutionTests {
    struct Kernel: Sendable, CustomTestStringConvertible {
        let size: Int
        let stride: Int
        var testDescription: String { "\(size)×\(size), stride \(stride)" }
    }

    static let kernels = [1, 2, 3, 5, 7].flatMap { size in [1, 2, 3].map { Kernel(size: size, stride: $0) } }
    /// Of the largest value; sums of a few hundred products.
    private let tolerance = 1e-5

    private func values(_ shape: Shape, _ purpose: String) -> Tensor {
        var generator = Generator(seed: 1, purpose: purpose)
        return .normal(shape, using: &generator)
    }

    /// A result and its gradients with respect to images and weights.
    private func results(_ images: Tensor, _ weights: Tensor, _ kernel: Kernel) throws -> [Tensor] {
        let leaves = [images, weights].map { $0.detached() }
        for leaf in leaves { leaf.requiresGradient = true }
        let result = leaves[0].convolved(with: leaves[1], stride: kernel.stride, padding: kernel.size / 2)
        let weight = values(result.shape, "gradient").to(images.type)
        return try [result] + result.gradients(of: leaves, weight: weight).map { try #require($0) }
    }

    @Test(arguments: kernels)
    func everyWidthEqualsDoublePrecision(_ kernel: Kernel) throws {
        for inputs in 1...17 {
            for outputs in [1, 4, 7, 8, 16] {
                // Channels last in memory, as images are read.
                let images = values([5, 8, 8, inputs], "images").permute([0, 3, 1, 2])
                let weights = values([outputs, inputs, kernel.size, kernel.size], "weights")
                let found = try results(images, weights, kernel)
                let expected = try results(images.to(.float64), weights.to(.float64), kernel)
                for ((found, expected), what) in zip(zip(found, expected), ["result", "images", "weights"]) {
                    #expect(found.shape == expected.shape)
                    let largest = expected.abs().max().scalars(Double.self)[0]
                    let distance = (found.to(.float64) - expected).abs().max().scalars(Double.self)[0]
                    #expect(distance <= tolerance * largest, "\(what), \(inputs) to \(outputs) channels")
                }
            }
        }
    }
}

// Weights in eight bits: how near their products are.

import Testing
import UnlearnEngine

@Suite struct RoundedRowsTests {
    /// Of a product of one pair: weights up to 3.5 in steps of 1/126 of that are off by .008 in the root mean square,
    /// and bfloat16, which holds x and the results, adds .001.
    private static let tolerance: Float = 0.01

    @Test(arguments: [(16, 5), (48, 1025), (576, 192)])
    func theirProductIsNearlyThatOfTheMatrix(inputs: Int, outputs: Int) throws {
        var generator = Generator(seed: 1, purpose: "matrix")
        let weight = Tensor.normal([outputs, inputs], deviation: 1, using: &generator)
        let x = Tensor.normal([3, 1, inputs], deviation: 1, using: &generator)
        let bias = Tensor.normal([outputs], deviation: 1, using: &generator)
        let (found, expected) = (x.linear(weight.roundedRows(), bias: bias), x.linear(weight, bias: bias))
        #expect(found.shape == [3, 1, outputs])
        let meanSquare = (found - expected).square().mean().item
        #expect(meanSquare.squareRoot() < Self.tolerance * Float(inputs).squareRoot())
    }

    @Test func aRowOfZerosStaysZero() throws {
        let rounded = Tensor.zeros([2, 16]).roundedRows()
        #expect((Tensor.zeros([1, 16]) + 1).linear(rounded).scalars(Float.self) == [0, 0])
    }

    @Test func theLargestValueIsKept() throws {
        var weight = [Float](repeating: 0, count: 16)
        weight[3] = -5
        let row = Tensor(weight, shape: [1, 16])
        #expect(abs(row.linear(row.roundedRows()).item - 25) < 25 * Self.tolerance)
    }
}

// A weight matrix in eight bits: a quarter of the memory to read, good enough for guesses that the full weights check.

/// Row by row, whole numbers from −127 to 127 times one scale.
public struct RoundedMatrix {
    private static let product = Operator("rounded_linear", library: "unlearn")
    private static let largest = Operator("amax")
    /// Rows rounded at a time, so that what lies between is still in the processor's cache.
    private static let rowsAtOnce = 1024

    private let values: Tensor  // int8 [out, in]
    private let scales: Tensor  // bfloat16 [out]

    /// - Parameter weight: `[out, in]`; nil if its rows are not of a length that the product can read.
    public init?(_ weight: Tensor) {
        let (outputs, inputs) = (weight.shape[0], weight.shape[1])
        guard inputs > 0, inputs.isMultiple(of: 16) else { return nil }
        values = Tensor(uninitialized: [outputs, inputs], type: .int8)
        scales = Tensor(uninitialized: [outputs], type: .bfloat16)
        withoutRecording {
            for start in stride(from: 0, to: outputs, by: Self.rowsAtOnce) {
                let count = min(Self.rowsAtOnce, outputs - start)
                let rows = weight.narrow(0, from: start, count: count)
                let largest = Self.largest(.tensor(rows.abs()), .ints([1]), true)
                // A scale is rounded too, by 1/256 of itself at most; 126 keeps the largest value within eight bits.
                let scale = (largest.clamp(atLeast: 1e-20) * (1 / 126)).to(.bfloat16)
                values.narrow(0, from: start, count: count).copy(from: (rows / scale.to(.float32)).rounded())
                scales.narrow(0, from: start, count: count).copy(from: scale.reshape([count]))
            }
        }
    }

    /// About `x · weightᵀ + bias`; x `[…, in]`. Not recorded for gradients.
    public func callAsFunction(_ x: Tensor, bias: Tensor?) -> Tensor {
        let y = Self.product(.tensor(x), .tensor(values), .tensor(scales))
        return bias.map { y + $0 } ?? y
    }
}

// What all optimizers share, and the bound on the gradients that they are given.

/// What turns gradients into changes of the parameters.
public protocol Optimizer {
    /// What must be kept to go on later, by its kind: tensors in the order of the parameters.
    var state: [(kind: String, tensors: [Tensor])] { get }
    /// Updates every parameter that has a gradient; the others, and their state, stay as they are.
    func step(_ gradients: [Tensor?], learningRate: Double)
}

/// Scales gradients so that their joint Euclidean norm is at most `limit`; returns the norm before.
@discardableResult
public func clip(_ gradients: [Tensor?], toNorm limit: Double) -> Double {
    withoutRecording {
        let squares = gradients.compactMap { $0?.squareSum() }
        if squares.isEmpty { return 0 }
        let norm = Double(Tensor.stack(squares).sum().sqrt().item)
        if norm > limit { for gradient in gradients { gradient?.multiply(inPlace: limit / (norm + 1e-6)) } }
        return norm
    }
}

extension Tensor {
    /// Σ x², part by part: the squares of a large tensor are never all in memory.
    fileprivate func squareSum() -> Tensor {
        let part = 1 << 20
        if count <= part { return square().sum() }
        let flat = reshape([count])
        let sums = stride(from: 0, to: count, by: part).map { start in
            flat.narrow(0, from: start, count: min(part, count - start)).square().sum()
        }
        return Tensor.stack(sums).sum()
    }
}

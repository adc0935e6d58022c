// What the tests of this target share.

import UnlearnEngine

extension Tensor {
    /// The gradients of this tensor, summed with `weight`; nil: of this scalar.
    func gradients(of inputs: [Tensor], weight: Tensor?) -> [Tensor?] {
        guard let weight else { return gradients(of: inputs) }
        return (self * weight).sum().gradients(of: inputs)
    }
}

// What the tests of this target share.

import UnlearnEngine

extension Tensor {
    /// The gradients of this tensor, summed with `weight`.
    func gradients(of inputs: [Tensor], weight: Tensor) -> [Tensor?] { (self * weight).sum().gradients(of: inputs) }
}

// The product with a matrix that unlearn::round_rows made.
#pragma once

#include <ATen/ATen.h>

namespace unlearn::rounded {
/// About input · weightᵀ: the input in bfloat16, sums in single precision. Not recorded for gradients.
at::Tensor product(const at::Tensor &input, const at::Tensor &weight);
}  // namespace unlearn::rounded

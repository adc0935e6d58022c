// unlearn::round_rows, and the product with what it makes: matrices in eight bits, a quarter of the memory to read.
#include "rounded.h"

#include <torch/library.h>

namespace unlearn::rounded {
/// `[out, in]` → out · in whole numbers from −127 to 127, row by row, then a scale in bfloat16 for each row.
at::Tensor round_rows(const at::Tensor &weight) {
    const int64_t outputs = weight.size(0), inputs = weight.size(1);
    const auto result = at::empty({outputs * (inputs + 2)}, weight.options().dtype(at::kChar).requires_grad(false));
    const auto values = result.narrow(0, 0, outputs * inputs).view({outputs, inputs});
    const auto scales = result.narrow(0, outputs * inputs, 2 * outputs).view(at::kBFloat16);
    // So many rows at a time that what lies between is still in the processor's cache.
    for (int64_t start = 0; start < outputs; start += 1024) {
        const int64_t count = std::min<int64_t>(1024, outputs - start);
        const auto rows = weight.detach().narrow(0, start, count).to(at::kFloat);
        // A scale is rounded too, by 1/256 of itself at most; 126 keeps the largest value within eight bits.
        const auto scale = (rows.abs().amax(1).clamp_min(1e-20) * (1.0 / 126)).to(at::kBFloat16);
        scales.narrow(0, start, count).copy_(scale);
        values.narrow(0, start, count).copy_((rows / scale.to(at::kFloat).unsqueeze(1)).round_());
    }
    return result;
}

at::Tensor product(const at::Tensor &input, const at::Tensor &weight) {
    const int64_t inputs = input.size(-1), outputs = weight.numel() / (inputs + 2);
    const auto values = weight.narrow(0, 0, outputs * inputs).view({outputs, inputs});
    const auto scales = weight.narrow(0, outputs * inputs, 2 * outputs).view(at::kBFloat16);
    auto sizes = input.sizes().vec();
    sizes.back() = outputs;
    const auto matrix = input.reshape({-1, inputs}).to(at::kBFloat16);
    return at::_weight_int8pack_mm(matrix, values, scales).to(at::kFloat).view(sizes);
}

TORCH_LIBRARY_FRAGMENT(unlearn, library) {
    library.def("round_rows(Tensor weight) -> Tensor");
    library.impl("round_rows", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(round_rows));
}
}  // namespace unlearn::rounded

// unlearn::linear and unlearn::gated_linear: x · wᵀ and its two gradients through oneDNN, which for single precision is faster than the BLAS
// behind at::linear: twice with AVX-512, a tenth with AVX2. Any other device, type or build falls back to at::linear.
// A frozen weight in half precision is widened for each product, and never kept so.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "rounded.h"
#include "transpose.h"

#include <optional>
#include <string_view>

namespace unlearn::linear {
using Attributes = c10::List<std::optional<at::Scalar>>;
using Pointwise = at::Tensor(
    const at::Tensor &, const at::Tensor &, const std::optional<at::Tensor> &, std::string_view, Attributes,
    std::optional<std::string_view>);

/// a · bᵀ of matrices, which may be transposed views.
at::Tensor product(const at::Tensor &a, const at::Tensor &b) {
    static const auto pointwise =
        c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Pointwise>();
    return pointwise.call(a, b, std::nullopt, "none", Attributes(), "");
}

/// A weight that is kept in half precision, for as long as it is used.
at::Tensor single(const at::Tensor &weight) { return weight.to(at::kFloat); }

bool is_half(const at::Tensor &x) { return x.scalar_type() == at::kHalf || x.scalar_type() == at::kBFloat16; }

/// As a matrix that oneDNN can read: transposed is fine, a row repeated by a zero stride is not.
at::Tensor rows(const at::Tensor &x) {
    auto matrix = x.reshape({-1, x.size(-1)});
    return matrix.is_non_overlapping_and_dense() ? matrix : matrix.contiguous();
}

/// gradientᵀ · input. The wrapper around oneDNN lays a transposed first matrix out anew, on one thread: that is done for
/// it here, to the narrow one where that is less work even with the result turned, as for low-rank additions.
at::Tensor of_weight(const at::Tensor &gradient, const at::Tensor &input) {
    const int64_t count = gradient.size(0), outputs = gradient.size(1), inputs = input.size(1);
    const bool turned = count * inputs + inputs * outputs < count * outputs;
    return turned ? product(unlearn::transposed(input), gradient.t()).t()
                  : product(unlearn::transposed(gradient), input.t());
}

struct Linear : torch::autograd::Function<Linear> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &input, const at::Tensor &weight) {
        // What no gradient needs is not kept alive.
        context->save_for_backward({weight.requires_grad() ? input : at::Tensor(), weight});
        return multiplied(input, weight);
    }

    /// The product alone, with nothing kept for a gradient.
    static at::Tensor multiplied(const at::Tensor &input, const at::Tensor &weight) {
        auto sizes = input.sizes().vec();
        sizes.back() = weight.size(0);
        return product(rows(input), single(weight)).view(sizes);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto gradient = rows(gradients[0]);
        at::Tensor ofInput, ofWeight;
        if (context->needs_input_grad(0)) {
            auto sizes = gradients[0].sizes().vec();
            sizes.back() = saved[1].size(1);
            ofInput = product(gradient, single(saved[1]).t()).view(sizes);
        }
        if (context->needs_input_grad(1)) ofWeight = of_weight(gradient, rows(saved[0]));
        return {ofInput, ofWeight};
    }
};

/// (silu(gate) · up) · weightᵀ for a weight that is trained. The product in brackets is made anew for its gradient.
struct GatedLinear : torch::autograd::Function<GatedLinear> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &gate, const at::Tensor &up,
        const at::Tensor &weight) {
        context->save_for_backward({gate, up, weight});
        return Linear::multiplied(at::silu(gate).mul_(up), weight);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &gate = saved[0], &up = saved[1], &weight = saved[2];
        const auto gradient = rows(gradients[0]);
        auto activated = at::silu(gate);
        at::Tensor ofGate, ofUp;
        if (context->needs_input_grad(0) || context->needs_input_grad(1)) {
            const auto ofProduct = product(gradient, weight.t()).view(gate.sizes());
            ofGate = at::silu_backward(ofProduct * up, gate);
            ofUp = activated * ofProduct;
        }
        return {ofGate, ofUp, of_weight(gradient, rows(activated.mul_(up)))};
    }
};

bool suits(const at::Tensor &x) {
    return x.is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0;
}

at::Tensor any_linear(const at::Tensor &input, const at::Tensor &weight) {
    if (weight.scalar_type() == at::kChar) return unlearn::rounded::product(input, weight);
    static const bool available = at::globalContext().hasMKLDNN();
    const bool readable = suits(weight) || (weight.is_cpu() && is_half(weight) && !weight.requires_grad());
    if (!available || !suits(input) || !readable || weight.dim() != 2 || input.dim() == 0 ||
        input.size(-1) != weight.size(1)) {
        return at::linear(input, weight.to(input.scalar_type()));
    }
    if (!at::GradMode::is_enabled()) return Linear::multiplied(input, weight);
    return Linear::apply(input, weight);
}

at::Tensor gated_linear(const at::Tensor &gate, const at::Tensor &up, const at::Tensor &weight) {
    const bool is_trained = at::GradMode::is_enabled() && weight.requires_grad();
    if (is_trained && at::globalContext().hasMKLDNN() && suits(gate) && suits(up) && suits(weight) &&
        weight.dim() == 2 && gate.sizes() == up.sizes() && gate.size(-1) == weight.size(1)) {
        return GatedLinear::apply(gate, up, weight);
    }
    static const auto silu_product = c10::Dispatcher::singleton()
                                         .findSchemaOrThrow("unlearn::silu_product", "")
                                         .typed<at::Tensor(const at::Tensor &, const at::Tensor &)>();
    return any_linear(silu_product.call(gate, up), weight);
}

TORCH_LIBRARY(unlearn, library) {
    library.def("linear(Tensor input, Tensor weight) -> Tensor");
    library.def("gated_linear(Tensor gate, Tensor up, Tensor weight) -> Tensor");
    library.impl("gated_linear", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(gated_linear));
    library.impl("linear", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(any_linear));
}
}  // namespace unlearn::linear

// unlearn::rms_norm and unlearn::rotate: chains of small operators in one pass over memory; for another device, type or
// layout the same is computed by libtorch's operators. unlearn::rms_norm and unlearn::silu_product, silu(gate) · up,
// keep no large matrix for their gradients but what they were given, unlearn::rotate not even that.
#include "parallel.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>
#include <cmath>

namespace unlearn::fused {
/// Below this many elements a second thread costs more than it saves.
constexpr int64_t grain = 16384;

bool is_recorded(std::initializer_list<const at::Tensor> tensors) {
    if (!at::GradMode::is_enabled()) return false;
    for (const auto &tensor : tensors) {
        if (tensor.requires_grad()) return true;
    }
    return false;
}

bool suits(const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.numel() > 0; }

int64_t rows_at_once(int64_t width) { return std::max<int64_t>(1, grain / width); }

/// Σ a · b, in sixteen parts so that the sums are independent of each other.
float product_sum(const float *a, const float *b, int64_t width) {
    std::array<float, 16> parts{};
    int64_t index = 0;
    for (; index + 16 <= width; index += 16) {
        for (int part = 0; part < 16; ++part) parts[part] += a[index + part] * b[index + part];
    }
    float sum = 0;
    for (; index < width; ++index) sum += a[index] * b[index];
    for (float part : parts) sum += part;
    return sum;
}

/// Contiguous x [rows, width] normalised; `factors` [rows], where there are any, takes 1 / √(mean x² + ε) of each row.
at::Tensor normalised(const at::Tensor &x, const at::Tensor &weight, double epsilon, float *factors) {
    auto result = at::empty_like(x);
    const int64_t width = weight.size(0);
    const float *from = x.const_data_ptr<float>(), *scale = weight.const_data_ptr<float>();
    float *to = result.mutable_data_ptr<float>();
    unlearn::in_parallel(x.numel() / width, rows_at_once(width), [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const float *source = from + row * width;
            float *target = to + row * width;
            const float meanSquare = product_sum(source, source, width) / width;
            const float factor = 1 / std::sqrt(meanSquare + static_cast<float>(epsilon));
            for (int64_t index = 0; index < width; ++index) target[index] = source[index] * factor * scale[index];
            if (factors) factors[row] = factor;
        }
    });
    return result;
}

struct RMSNorm : torch::autograd::Function<RMSNorm> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &input, const at::Tensor &weight, double epsilon) {
        const auto x = input.contiguous();
        auto factors = at::empty({x.numel() / weight.size(0)}, x.options());
        context->save_for_backward({x, weight, factors});
        return normalised(x, weight, epsilon, factors.mutable_data_ptr<float>());
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto gradient = gradients[0].contiguous();
        at::Tensor ofInput, ofWeight;
        if (context->needs_input_grad(0)) ofInput = of_input(gradient, saved[0], saved[1], saved[2]);
        if (context->needs_input_grad(1)) ofWeight = of_weight(gradient, saved[0], saved[2]);
        return {ofInput, ofWeight, at::Tensor()};
    }

    /// f · (g · w) − x · f³ · mean(g · w · x), for the factor f of each row.
    static at::Tensor of_input(
        const at::Tensor &gradient, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &factors) {
        auto result = at::empty_like(x);
        const int64_t width = weight.size(0);
        const float *g = gradient.const_data_ptr<float>(), *from = x.const_data_ptr<float>();
        const float *w = weight.const_data_ptr<float>(), *f = factors.const_data_ptr<float>();
        float *to = result.mutable_data_ptr<float>();
        unlearn::in_parallel(factors.numel(), rows_at_once(width), [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
                const float *source = from + row * width, *received = g + row * width;
                float *target = to + row * width;
                for (int64_t index = 0; index < width; ++index) target[index] = received[index] * w[index];
                const float along = product_sum(target, source, width) / width * f[row] * f[row] * f[row];
                for (int64_t index = 0; index < width; ++index) {
                    target[index] = target[index] * f[row] - source[index] * along;
                }
            }
        });
        return result;
    }

    /// Σ g · x · f over the rows, a range of columns for each thread: the order of the sum is always the same.
    static at::Tensor of_weight(const at::Tensor &gradient, const at::Tensor &x, const at::Tensor &factors) {
        const int64_t width = x.size(-1), rows = factors.numel();
        auto result = at::zeros({width}, x.options());
        const float *g = gradient.const_data_ptr<float>(), *from = x.const_data_ptr<float>();
        const float *f = factors.const_data_ptr<float>();
        float *to = result.mutable_data_ptr<float>();
        unlearn::in_parallel(width, rows_at_once(rows), [&](int64_t begin, int64_t end) {
            for (int64_t row = 0; row < rows; ++row) {
                const float *source = from + row * width, *received = g + row * width;
                for (int64_t index = begin; index < end; ++index) {
                    to[index] += received[index] * source[index] * f[row];
                }
            }
        });
        return result;
    }
};

/// x / √(mean x² + ε) · weight over the last dimension. For its gradients x and one number a row are kept.
at::Tensor rms_norm(const at::Tensor &input, const at::Tensor &weight, double epsilon) {
    if (!suits(input) || !suits(weight) || !weight.is_contiguous() || weight.dim() != 1 || input.dim() == 0 ||
        input.size(-1) != weight.size(0)) {
        return at::rms_norm(input, weight.sizes(), weight, epsilon);
    }
    if (is_recorded({input, weight})) return RMSNorm::apply(input, weight, epsilon);
    return normalised(input.contiguous(), weight, epsilon, nullptr);
}

/// x · cosine + swapped(x) · sine, where swapped exchanges the halves of the last dimension; for `back` the sines are
/// exchanged with them, which is the gradient of that by x.
at::Tensor rotated(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine, bool back) {
    auto result = at::empty_like(x);  // in the layout of x, which what comes next is made for
    const int64_t heads = x.size(1), time = x.size(2), width = x.size(3), half = width / 2;
    const float *from = x.const_data_ptr<float>();
    const float *cosines = cosine.const_data_ptr<float>(), *sines = sine.const_data_ptr<float>();
    float *to = result.mutable_data_ptr<float>();
    unlearn::in_parallel(x.size(0) * heads * time, rows_at_once(width), [&](int64_t begin, int64_t end) {
        for (int64_t vector = begin; vector < end; ++vector) {
            const int64_t row = vector / (heads * time), head = vector / time % heads, place = vector % time;
            const float *source = from + row * x.stride(0) + head * x.stride(1) + place * x.stride(2);
            const float *c = cosines + (row * time + place) * width, *s = sines + (row * time + place) * width;
            const float *lower = back ? s + half : s, *upper = back ? s : s + half;
            float *target = to + row * result.stride(0) + head * result.stride(1) + place * result.stride(2);
            for (int64_t index = 0; index < half; ++index) {
                target[index] = source[index] * c[index] + source[index + half] * lower[index];
                target[index + half] = source[index + half] * c[index + half] + source[index] * upper[index];
            }
        }
    });
    return result;
}

struct Rotate : torch::autograd::Function<Rotate> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &x, const at::Tensor &cosine,
        const at::Tensor &sine) {
        context->save_for_backward({cosine, sine});
        return rotated(x, cosine, sine, false);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto gradient = gradients[0].stride(3) == 1 ? gradients[0] : gradients[0].contiguous();
        return {rotated(gradient, saved[0], saved[1], true), at::Tensor(), at::Tensor()};
    }
};

/// Rotary embedding of x [rows, heads, time, width] by cosine and sine [rows, 1, time, width]; sine is negated on the
/// first half.
at::Tensor rotate(const at::Tensor &x, const at::Tensor &cosine, const at::Tensor &sine) {
    const bool fits = x.dim() == 4 && cosine.dim() == 4 && sine.sizes() == cosine.sizes() &&
        cosine.size(0) == x.size(0) && cosine.size(1) == 1 && cosine.size(2) == x.size(2) &&
        cosine.size(3) == x.size(3) && x.size(3) % 2 == 0;
    if (is_recorded({cosine, sine}) || !suits(x) || !suits(cosine) || !suits(sine) || !fits || x.stride(3) != 1 ||
        !cosine.is_contiguous() || !sine.is_contiguous()) {
        const int64_t half = x.size(-1) / 2;
        const auto swapped = at::cat({x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
        return x * cosine + swapped * sine;
    }
    return is_recorded({x}) ? Rotate::apply(x, cosine, sine) : rotated(x, cosine, sine, false);
}

struct SiluProduct : torch::autograd::Function<SiluProduct> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &gate, const at::Tensor &up) {
        context->save_for_backward({gate, up});
        return at::silu(gate).mul_(up);
    }

    /// silu(gate) is computed anew: a pass over memory, where keeping it would be the size of a third matrix a block.
    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        const auto &gate = saved[0], &up = saved[1], &gradient = gradients[0];
        return {at::silu_backward(gradient * up, gate), at::silu(gate).mul_(gradient)};
    }
};

at::Tensor silu_product(const at::Tensor &gate, const at::Tensor &up) {
    return is_recorded({gate, up}) ? SiluProduct::apply(gate, up) : at::silu(gate).mul_(up);
}

TORCH_LIBRARY_FRAGMENT(unlearn, library) {
    library.def("rms_norm(Tensor input, Tensor weight, float epsilon) -> Tensor");
    library.impl("rms_norm", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(rms_norm));
    library.def("silu_product(Tensor gate, Tensor up) -> Tensor");
    library.impl("silu_product", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(silu_product));
    library.def("rotate(Tensor input, Tensor cosine, Tensor sine) -> Tensor");
    library.impl("rotate", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(rotate));
}
}  // namespace unlearn::fused

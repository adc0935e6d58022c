// unlearn::target_log_probability and unlearn::head_divergence: what becomes of states behind the head, without a matrix
// [rows, vocabulary] for each step of the computation. A few rows at a time go through the head, and their part of the
// gradient is computed at once. Where the head is trained, one such matrix, transposed, is kept for its gradient.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "transpose.h"

namespace unlearn::vocabulary {
/// Rows that go through the head together: with fewer, the head is read too often.
constexpr int64_t rows_at_once = 128;

/// a · bᵀ.
at::Tensor product(const at::Tensor &a, const at::Tensor &b) {
    static const auto linear = c10::Dispatcher::singleton()
                                   .findSchemaOrThrow("unlearn::linear", "")
                                   .typed<at::Tensor(const at::Tensor &, const at::Tensor &)>();
    return linear.call(a, b);
}

/// Calls `body` with the first row and the number of rows of each part.
template <typename Body>
void for_each_part(int64_t rows, Body &&body) {
    for (int64_t start = 0; start < rows; start += rows_at_once) body(start, std::min(rows_at_once, rows - start));
}

/// log softmax(states · headᵀ) [rows, vocabulary].
at::Tensor log_distributions(const at::Tensor &states, const at::Tensor &head) {
    return at::log_softmax(product(states, head), 1);
}

/// Turns probabilities into the gradient of the targets' log-probabilities by the scores: 1 − q there, −q elsewhere.
void turn_to_gradient(const at::Tensor &probabilities, const at::Tensor &targets) {
    probabilities.neg_().scatter_add_(1, targets, at::ones(targets.sizes(), probabilities.options()));
}

struct TargetLogProbability : torch::autograd::Function<TargetLogProbability> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &states, const at::Tensor &head,
        const at::Tensor &targets, bool is_recorded) {
        const auto matrix = head.to(at::kFloat);
        const int64_t rows = states.size(0);
        const bool of_head = is_recorded && head.requires_grad();
        auto result = at::empty({rows}, states.options());
        auto of_states = is_recorded ? at::empty_like(states) : at::Tensor();
        auto of_scores = of_head ? at::empty({head.size(0), rows}, states.options()) : at::Tensor();
        for_each_part(rows, [&](int64_t start, int64_t count) {
            const auto chosen = targets.narrow(0, start, count).unsqueeze(1);
            auto values = log_distributions(states.narrow(0, start, count), matrix);
            result.narrow(0, start, count).copy_(values.gather(1, chosen).squeeze(1));
            if (!is_recorded) return;
            turn_to_gradient(values.exp_(), chosen);
            of_states.narrow(0, start, count).copy_(product(values, matrix.t()));
            if (of_head) unlearn::transpose(values, of_scores.narrow(1, start, count));
        });
        context->save_for_backward({states, of_states, of_scores});
        return result;
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto scale = gradients[0].unsqueeze(1);
        at::Tensor ofStates, ofHead;
        if (context->needs_input_grad(0)) ofStates = saved[1] * scale;
        // The factors of the rows go to the narrow side of the product: no second matrix [vocabulary, rows].
        if (context->needs_input_grad(1)) ofHead = product(saved[2], (saved[0] * scale).t());
        return {ofStates, ofHead, at::Tensor(), at::Tensor()};
    }
};

struct HeadDivergence : torch::autograd::Function<HeadDivergence> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &original, const at::Tensor &original_head,
        const at::Tensor &states, const at::Tensor &head, bool is_recorded) {
        const auto matrix = head.to(at::kFloat);
        const auto original_matrix = original_head.is_same(head) ? matrix : original_head.to(at::kFloat);
        const int64_t rows = states.size(0);
        const bool of_head = is_recorded && head.requires_grad();
        auto of_states = is_recorded ? at::empty_like(states) : at::Tensor();
        auto of_scores = of_head ? at::empty({head.size(0), rows}, states.options()) : at::Tensor();
        double sum = 0;
        for_each_part(rows, [&](int64_t start, int64_t count) {
            auto p = log_distributions(original.narrow(0, start, count), original_matrix);
            auto q = log_distributions(states.narrow(0, start, count), matrix);
            auto difference = p - q;
            p.exp_();
            sum += difference.mul_(p).sum().item<double>();
            if (!is_recorded) return;
            q.exp_().sub_(p).div_(static_cast<double>(rows));
            of_states.narrow(0, start, count).copy_(product(q, matrix.t()));
            if (of_head) unlearn::transpose(q, of_scores.narrow(1, start, count));
        });
        context->save_for_backward({states, of_states, of_scores});
        return at::scalar_tensor(sum / static_cast<double>(rows), states.options());
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        at::Tensor ofStates, ofHead;
        if (context->needs_input_grad(2)) ofStates = saved[1] * gradients[0];
        if (context->needs_input_grad(3)) ofHead = product(saved[2], saved[0].t()).mul_(gradients[0]);
        return {at::Tensor(), at::Tensor(), ofStates, ofHead, at::Tensor()};
    }
};

bool is_recorded(const at::Tensor &states, const at::Tensor &head) {
    return at::GradMode::is_enabled() && (states.requires_grad() || head.requires_grad());
}

/// log q of the targets [rows], for states [rows, width] and a head [vocabulary, width].
at::Tensor target_log_probability(const at::Tensor &states, const at::Tensor &head, const at::Tensor &targets) {
    return TargetLogProbability::apply(states, head, targets, is_recorded(states, head));
}

/// KL(original ‖ model), averaged over rows, of the distributions that the heads make of states [rows, width].
at::Tensor head_divergence(
    const at::Tensor &original, const at::Tensor &original_head, const at::Tensor &states, const at::Tensor &head) {
    return HeadDivergence::apply(
        original.detach(), original_head.is_same(head) ? original_head : original_head.detach(), states, head,
        is_recorded(states, head));
}

TORCH_LIBRARY_FRAGMENT(unlearn, library) {
    library.def("target_log_probability(Tensor states, Tensor head, Tensor targets) -> Tensor");
    library.impl(
        "target_log_probability", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(target_log_probability));
    library.def("head_divergence(Tensor original, Tensor original_head, Tensor states, Tensor head) -> Tensor");
    library.impl("head_divergence", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(head_divergence));
}
}  // namespace unlearn::vocabulary

// unlearn::packed_attention: causal attention of sequences that stand one behind another in a row and share the first
// tokens. Each is read for itself by libtorch's flash attention (Dao et al. 2022, arXiv 2205.14135): under a mask over
// the whole row, most of what is computed would be thrown away.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

namespace {
/// [1, heads, time, width] → [shared, groups, time, width], a view; the queries of a group meet the same keys.
at::Tensor by_shared_head(const at::Tensor &x, int64_t shared) { return x.squeeze(0).unflatten(0, {shared, -1}); }

/// A sequence: the `prefix` tokens that all begin with and the `length` ones from `start` that are its own.
struct Sequence {
    int64_t prefix, start, length;

    bool is_first() const { return start == prefix; }

    /// Its part of x [shared, groups, time, width].
    at::Tensor of(const at::Tensor &x) const {
        const auto own = x.narrow(2, start, length);
        return prefix == 0 ? own : at::cat({x.narrow(2, 0, prefix), own}, 2);
    }

    /// Its part of the gradient of the output. What the prefix becomes is taken from the first sequence.
    at::Tensor of_gradient(const at::Tensor &x) const {
        auto part = of(x);
        if (prefix > 0 && !is_first()) part.narrow(2, 0, prefix).zero_();
        return part;
    }

    /// Adds what belongs to the prefix, and puts the rest in its place.
    void add(const at::Tensor &part, const at::Tensor &sum) const {
        if (prefix > 0) sum.narrow(2, 0, prefix).add_(part.narrow(2, 0, prefix));
        sum.narrow(2, start, length).copy_(part.narrow(2, prefix, length));
    }
};

std::vector<Sequence> sequences(int64_t prefix, at::IntArrayRef lengths) {
    std::vector<Sequence> result;
    int64_t start = prefix;
    for (const int64_t length : lengths) {
        result.push_back({prefix, start, length});
        start += length;
    }
    return result;
}

/// [time, shared, groups, width], which is what linear layers read, → [shared, groups, time, width], a view.
at::Tensor from_time(const at::Tensor &x) { return x.permute({1, 2, 0, 3}); }

/// The reverse of `by_shared_head`.
at::Tensor by_head(const at::Tensor &x) { return x.flatten(0, 1).unsqueeze(0); }

struct PackedAttention : torch::autograd::Function<PackedAttention> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &query, const at::Tensor &key,
        const at::Tensor &value, int64_t prefix, at::IntArrayRef lengths) {
        const int64_t shared = key.size(1), time = query.size(2), width = query.size(3);
        const auto q = by_shared_head(query, shared), k = by_shared_head(key, shared), v = by_shared_head(value, shared);
        const int64_t groups = q.size(1);
        const auto result = from_time(at::empty({time, shared, groups, width}, query.options()));
        std::vector<at::Tensor> saved{query, key, value, result};
        for (const auto &sequence : sequences(prefix, lengths)) {
            const auto [part, sums] = at::_scaled_dot_product_flash_attention_for_cpu(
                sequence.of(q), over_groups(sequence.of(k), groups), over_groups(sequence.of(v), groups), 0, true);
            if (sequence.is_first()) result.narrow(2, 0, prefix).copy_(part.narrow(2, 0, prefix));
            result.narrow(2, sequence.start, sequence.length).copy_(part.narrow(2, prefix, sequence.length));
            saved.push_back(sums);
        }
        context->save_for_backward(saved);
        context->saved_data["prefix"] = prefix;
        context->saved_data["lengths"] = lengths.vec();
        return result.permute({2, 0, 1, 3}).reshape({1, time, -1});
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto lengths = context->saved_data["lengths"].toIntVector();
        const int64_t shared = saved[1].size(1), time = saved[0].size(2), width = saved[0].size(3);
        const auto q = by_shared_head(saved[0], shared), k = by_shared_head(saved[1], shared),
                   v = by_shared_head(saved[2], shared), &result = saved[3];
        const int64_t groups = q.size(1);
        const auto gradient = from_time(gradients[0].reshape({time, shared, groups, width}));
        const auto ofQuery = from_time(at::zeros({time, shared, groups, width}, q.options()));
        const auto ofKey = from_time(at::zeros({time, shared, 1, width}, q.options()));
        const auto ofValue = from_time(at::zeros({time, shared, 1, width}, q.options()));
        size_t index = 4;
        for (const auto &sequence : sequences(context->saved_data["prefix"].toInt(), lengths)) {
            const auto [partOfQuery, partOfKey, partOfValue] =
                at::_scaled_dot_product_flash_attention_for_cpu_backward(
                    sequence.of_gradient(gradient), sequence.of(q), over_groups(sequence.of(k), groups),
                    over_groups(sequence.of(v), groups), sequence.of(result), saved[index++], 0, true);
            sequence.add(partOfQuery, ofQuery);
            sequence.add(partOfKey.sum(1, true), ofKey);
            sequence.add(partOfValue.sum(1, true), ofValue);
        }
        return {by_head(ofQuery), by_head(ofKey), by_head(ofValue), at::Tensor(), at::Tensor()};
    }

    /// The keys or values of a group's shared head for each of its queries' heads; nothing is copied.
    static at::Tensor over_groups(const at::Tensor &x, int64_t groups) { return x.expand({-1, groups, -1, -1}); }
};

/// Query [1, heads, time, width], key and value [1, shared heads, time, width] → [1, time, heads · width]. The row holds
/// `prefix` tokens that all sequences begin with, and behind them the `lengths` tokens that are each one's own.
at::Tensor packed_attention(
    const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, int64_t prefix, at::IntArrayRef lengths) {
    return PackedAttention::apply(query, key, value, prefix, lengths);
}
}  // namespace

TORCH_LIBRARY_FRAGMENT(unlearn, library) {
    library.def("packed_attention(Tensor query, Tensor key, Tensor value, int prefix, int[] lengths) -> Tensor");
    library.impl("packed_attention", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(packed_attention));
}

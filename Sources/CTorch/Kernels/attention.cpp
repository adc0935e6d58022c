// unlearn::packed_attention: causal attention of sequences that stand one behind another in a row and share the first
// tokens. Each is read for itself by libtorch's flash attention (Dao et al. 2022, arXiv 2205.14135): under a mask over
// the whole row, most of what is computed would be thrown away.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <limits>
#include <optional>
#include <vector>

namespace unlearn::attention {
/// [1, heads, time, width] → [shared, groups, time, width], a view; the queries of a group meet the same keys.
at::Tensor by_shared_head(const at::Tensor &x, int64_t shared) { return x.squeeze(0).unflatten(0, {shared, -1}); }

/// The reverse.
at::Tensor by_head(const at::Tensor &x) { return x.flatten(0, 1).unsqueeze(0); }

/// [time, shared, groups, width], which is what linear layers read, → [shared, groups, time, width], a view.
at::Tensor from_time(const at::Tensor &x) { return x.permute({1, 2, 0, 3}); }

/// Tokens that look at those before them from `start` on, and at the first `prefix` ones of the row.
struct Sequence {
    int64_t prefix, start, length;

    at::Tensor queries(const at::Tensor &x) const { return x.narrow(2, start, length); }

    /// For keys and values: those of a shared head for each head of its group, without a copy.
    at::Tensor keys(const at::Tensor &x, int64_t groups) const {
        const auto own = x.narrow(2, start, length);
        return (prefix == 0 ? own : at::cat({x.narrow(2, 0, prefix), own}, 2)).expand({-1, groups, -1, -1});
    }

    /// Flash attention's own causal mask begins with the first key: behind a prefix it would hide too much.
    bool is_causal() const { return prefix == 0; }

    std::optional<at::Tensor> mask(const at::TensorOptions &options) const {
        if (is_causal()) return std::nullopt;
        const auto hidden = -std::numeric_limits<double>::infinity();
        return at::full({length, prefix + length}, hidden, options).triu_(prefix + 1);
    }

    /// Adds the gradient of the keys or values of a group, [shared, groups, prefix + length, width].
    void add_keys(const at::Tensor &part, const at::Tensor &sum) const {
        const auto of_shared = part.sum(1, true);
        if (prefix > 0) sum.narrow(2, 0, prefix).add_(of_shared.narrow(2, 0, prefix));
        sum.narrow(2, start, length).copy_(of_shared.narrow(2, prefix, length));
    }
};

/// The first sequence and what all share are read as one.
std::vector<Sequence> sequences(int64_t prefix, at::IntArrayRef lengths) {
    std::vector<Sequence> result{{0, 0, prefix + lengths[0]}};
    for (const int64_t length : lengths.slice(1)) {
        result.push_back({prefix, result.back().start + result.back().length, length});
    }
    return result;
}

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
                sequence.queries(q), sequence.keys(k, groups), sequence.keys(v, groups), 0, sequence.is_causal(),
                sequence.mask(query.options()));
            sequence.queries(result).copy_(part);
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
                   v = by_shared_head(saved[2], shared);
        const int64_t groups = q.size(1);
        const auto gradient = from_time(gradients[0].reshape({time, shared, groups, width}));
        const auto ofQuery = from_time(at::empty({time, shared, groups, width}, q.options()));
        const auto ofKey = from_time(at::zeros({time, shared, 1, width}, q.options()));
        const auto ofValue = from_time(at::zeros({time, shared, 1, width}, q.options()));
        size_t index = 4;
        for (const auto &sequence : sequences(context->saved_data["prefix"].toInt(), lengths)) {
            const auto [partOfQuery, partOfKey, partOfValue] =
                at::_scaled_dot_product_flash_attention_for_cpu_backward(
                    sequence.queries(gradient), sequence.queries(q), sequence.keys(k, groups), sequence.keys(v, groups),
                    sequence.queries(saved[3]), saved[index++], 0, sequence.is_causal(), sequence.mask(q.options()));
            sequence.queries(ofQuery).copy_(partOfQuery);
            sequence.add_keys(partOfKey, ofKey);
            sequence.add_keys(partOfValue, ofValue);
        }
        return {by_head(ofQuery), by_head(ofKey), by_head(ofValue), at::Tensor(), at::Tensor()};
    }
};

/// Query [1, heads, time, width], key and value [1, shared heads, time, width] → [1, time, heads · width]. The row holds
/// `prefix` tokens that all sequences begin with, and behind them the `lengths` tokens that are each one's own.
at::Tensor packed_attention(
    const at::Tensor &query, const at::Tensor &key, const at::Tensor &value, int64_t prefix, at::IntArrayRef lengths) {
    return PackedAttention::apply(query, key, value, prefix, lengths);
}

TORCH_LIBRARY_FRAGMENT(unlearn, library) {
    library.def("packed_attention(Tensor query, Tensor key, Tensor value, int prefix, int[] lengths) -> Tensor");
    library.impl("packed_attention", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(packed_attention));
}
}  // namespace unlearn::attention

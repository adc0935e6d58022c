// unlearn::embedding: rows of a table by ids. Its gradient has the rows that were read alone.
#include "rows.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace unlearn {
namespace {
thread_local RowGradients *collecting = nullptr;
}

RowGradients::RowGradients() { collecting = this; }
RowGradients::~RowGradients() { collecting = nullptr; }
RowGradients *RowGradients::current() { return collecting; }

void RowGradients::keep(const at::Tensor &table, const at::Tensor &ids, const at::Tensor &gradient) {
    kept.push_back({table, ids, gradient});
}

void RowGradients::add(const at::Tensor &table, at::Tensor &gradient) const {
    for (const auto &rows : kept) {
        if (!rows.table.is_same(table)) continue;
        if (!gradient.defined()) gradient = at::zeros(table.sizes(), table.options().requires_grad(false));
        gradient.index_add_(0, rows.ids, rows.gradient);
    }
}
}  // namespace unlearn

namespace {
struct Embedding : torch::autograd::Function<Embedding> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &table, const at::Tensor &ids) {
        context->save_for_backward({table, ids});
        return at::embedding(table, ids);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto ids = saved[1].reshape({-1});
        const auto rows = gradients[0].reshape({-1, saved[0].size(1)});
        if (auto *collecting = unlearn::RowGradients::current()) {
            collecting->keep(saved[0], ids, rows);
            return {at::Tensor(), at::Tensor()};
        }
        return {at::sparse_coo_tensor(ids.unsqueeze(0), rows, saved[0].sizes()), at::Tensor()};
    }
};

at::Tensor embedding(const at::Tensor &table, const at::Tensor &ids) {
    if (!at::GradMode::is_enabled() || !table.requires_grad() || table.scalar_type() != at::kFloat) {
        return at::embedding(table, ids).to(at::kFloat);
    }
    return Embedding::apply(table, ids);
}
}  // namespace

TORCH_LIBRARY_FRAGMENT(unlearn, library) {
    library.def("embedding(Tensor table, Tensor ids) -> Tensor");
    library.impl("embedding", c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(embedding));
}

// Gradients of the rows that were read from an embedding, kept aside until they can be added in place.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace unlearn {
/// While one is alive, `unlearn::embedding` gives its gradients to it, and none to the tables: with tied embeddings the
/// engine would add rows and the head's gradient into a third matrix as large as the table. One at a time in a thread.
class RowGradients {
public:
    RowGradients();
    ~RowGradients();
    RowGradients(const RowGradients &) = delete;
    RowGradients &operator=(const RowGradients &) = delete;

    static RowGradients *current();
    void keep(const at::Tensor &table, const at::Tensor &ids, const at::Tensor &gradient);
    /// Adds what was kept for the table to its gradient, in place; an undefined one begins as zeros.
    void add(const at::Tensor &table, at::Tensor &gradient) const;

private:
    struct Rows {
        at::Tensor table, ids, gradient;
    };
    std::vector<Rows> kept;
};
}  // namespace unlearn

// Matrices laid out anew with their sides exchanged, which oneDNN's wrapper does slowly and on one thread.
#pragma once

#include "parallel.h"

#include <algorithm>

namespace unlearn {
/// Writes `source` [rows, columns], whose rows are dense, into `target` [columns, rows], likewise; both in single precision.
inline void transpose(const at::Tensor &source, const at::Tensor &target) {
    constexpr int64_t side = 16;  // a square of floats as wide as a cache line, so that none is written in parts
    const int64_t rows = source.size(0), columns = source.size(1);
    const int64_t from_stride = source.stride(0), to_stride = target.stride(0);
    const float *from = source.const_data_ptr<float>();
    float *to = target.mutable_data_ptr<float>();
    in_parallel((columns + side - 1) / side, 1, [&](int64_t begin, int64_t end) {
        for (int64_t left = begin * side; left < std::min(end * side, columns); left += side) {
            const int64_t width = std::min(side, columns - left);
            for (int64_t top = 0; top < rows; top += side) {
                const int64_t height = std::min(side, rows - top);
                for (int64_t column = 0; column < width; column++) {
                    float *line = to + (left + column) * to_stride + top;
                    const float *value = from + top * from_stride + left + column;
                    for (int64_t row = 0; row < height; row++) line[row] = value[row * from_stride];
                }
            }
        }
    });
}

/// The transposed matrix, dense.
inline at::Tensor transposed(const at::Tensor &matrix) {
    if (matrix.t().is_contiguous()) return matrix.t();
    const auto result = at::empty({matrix.size(1), matrix.size(0)}, matrix.options());
    transpose(matrix.contiguous(), result);
    return result;
}
}  // namespace unlearn

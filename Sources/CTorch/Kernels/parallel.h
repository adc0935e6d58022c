#pragma once
#include <ATen/ATen.h>
#include <ATen/TensorIterator.h>

namespace unlearn {
/// Calls `body(begin, end)` for ranges of 0..<count on libtorch's threads, on one of them if there are at most `grain`.
/// at::parallel_for is no way there: its template starts threads where it is compiled with OpenMP, as this is not.
template <typename Body>
void in_parallel(int64_t count, int64_t grain, const Body &body) {
    // Nothing is stored in these bytes. An iterator over them hands out addresses, and these are the places.
    const auto places = at::empty({count}, at::kByte);
    const auto *first = static_cast<const char *>(places.const_data_ptr());
    auto iterator = at::TensorIterator::borrowing_nullary_op(places);
    iterator.for_each(
        [&](char **data, const int64_t *, int64_t length) { body(data[0] - first, data[0] - first + length); }, grain);
}
}  // namespace unlearn

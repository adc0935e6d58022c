// Where tensors get their memory.
#pragma once

namespace unlearn {
/// From now on large tensors come from `TensorMemory`; small ones as before. More calls change nothing.
void keep_tensor_memory();
/// Hands back to the system what was freed and kept for the next tensor.
void release_kept_memory();
}  // namespace unlearn

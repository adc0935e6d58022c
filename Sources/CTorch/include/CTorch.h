// A C ABI over libtorch: tensors as handles, every operator through the dispatcher, reverse-mode gradients.
//
// Our own fused kernels (Kernels/) are registered as operators of the library "unlearn", and are found and called like
// libtorch's. No other arithmetic lives here. Each call returns a status (or a null handle) and leaves a sentence in
// ct_error().
#ifndef UNLEARN_CTORCH_H
#define UNLEARN_CTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// An owned reference to an at::Tensor. Freed with ct_free.
typedef struct ct_tensor ct_tensor;
/// A resolved operator such as aten::add.Tensor. Lives as long as the process.
typedef struct ct_operator ct_operator;

typedef enum {
    CT_NONE,
    CT_TENSOR,
    CT_INT,
    CT_DOUBLE,
    CT_BOOL,
    CT_INTS,
    CT_TENSORS,
    CT_STRING,
} ct_kind;

/// One argument of an operator. Lists are borrowed for the length of the call.
typedef struct {
    ct_kind kind;
    int64_t integer;        // CT_INT, CT_BOOL
    double real;            // CT_DOUBLE
    const void *_Nullable pointer;  // CT_TENSOR: ct_tensor *, CT_INTS: int64_t *, CT_TENSORS: ct_tensor **, CT_STRING: char *
    int64_t count;          // of a list
} ct_value;

/// The message of the last failed call on this thread.
const char *_Nonnull ct_error(void);
const char *_Nonnull ct_version(void);

const ct_operator *_Nullable ct_find(const char *_Nonnull name, const char *_Nonnull overload);
/// Calls an operator; missing trailing arguments take the schema's defaults. Returns the number of result
/// tensors written (lists of tensors are flattened), or -1.
int64_t ct_call(
    const ct_operator *_Nonnull operation, const ct_value *_Nullable arguments, int64_t argument_count,
    ct_tensor *_Nullable *_Nonnull results, int64_t capacity);

/// A new tensor that copies `data`, or uninitialised if `data` is null. `type` is a c10::ScalarType number.
ct_tensor *_Nullable ct_make(const void *_Nullable data, int32_t type, const int64_t *_Nullable sizes, int64_t rank);
/// A tensor over memory owned by someone else; `release(context)` runs when the last reference goes.
ct_tensor *_Nullable ct_wrap(
    const void *_Nonnull data, int32_t type, const int64_t *_Nullable sizes, int64_t rank,
    void (*_Nonnull release)(void *_Nullable), void *_Nullable context);
void ct_free(ct_tensor *_Nullable tensor);

int64_t ct_rank(const ct_tensor *_Nonnull tensor);
void ct_sizes(const ct_tensor *_Nonnull tensor, int64_t *_Nonnull sizes);
int32_t ct_type(const ct_tensor *_Nonnull tensor);
bool ct_is_contiguous(const ct_tensor *_Nonnull tensor);
/// The first element in memory; valid while a reference to the tensor is held.
void *_Nullable ct_data(const ct_tensor *_Nonnull tensor);

int32_t ct_set_requires_grad(ct_tensor *_Nonnull tensor, bool required);
/// Turns a leaf's elements into single precision, for everyone who holds it.
int32_t ct_widen(ct_tensor *_Nonnull tensor);
bool ct_requires_grad(const ct_tensor *_Nonnull tensor);
/// Turns recording on or off for this thread; returns what it was.
bool ct_set_recording(bool recording);
/// Gradients of the scalar `output` with respect to each input; the graph is freed. Inputs that `output` does not depend on
/// yield null handles.
int32_t ct_gradients(
    const ct_tensor *_Nonnull output, const ct_tensor *_Nonnull const *_Nonnull inputs, int64_t input_count,
    ct_tensor *_Nullable *_Nonnull results);
/// The same, each added to `sums` in place (null: none yet); the results take the place of these.
int32_t ct_add_gradients(
    const ct_tensor *_Nonnull output, const ct_tensor *_Nonnull const *_Nonnull inputs, int64_t input_count,
    ct_tensor *_Nullable const *_Nonnull sums, ct_tensor *_Nullable *_Nonnull results);

/// Threads for one operation (0: as many as libtorch chooses), deterministic kernels, and how memory is kept. Before the
/// first tensor.
int32_t ct_configure(int32_t threads);
int32_t ct_threads(void);
/// Gives memory that was freed, and kept for later, back to the system, where the C library can.
void ct_trim(void);

#ifdef __cplusplus
}
#endif
#endif

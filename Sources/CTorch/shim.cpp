// The C view of libtorch declared in CTorch.h.
#include "CTorch.h"
#include "Kernels/rows.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include <cstdlib>
#include <string>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

struct ct_tensor {
    at::Tensor value;
};

struct ct_operator {
    c10::OperatorHandle handle;
};

namespace {
thread_local std::string lastError;

/// Runs `body`; any exception becomes the message of ct_error() and the value `failure`.
template <typename Result, typename Body>
Result guarded(Result failure, Body &&body) {
    try {
        return body();
    } catch (const c10::Error &error) {
        lastError = error.what_without_backtrace();
    } catch (const std::exception &error) {
        lastError = error.what();
    }
    return failure;
}

ct_tensor *owned(at::Tensor value) {
    return new ct_tensor{std::move(value)};
}

at::IntArrayRef shape(const int64_t *sizes, int64_t rank) {
    return {sizes, static_cast<size_t>(rank)};
}

/// What the process needs once, before its first tensor.
bool prepare() {
    // oneDNN keeps the code that it makes for each shape, 1,024 times .26 MB if nothing is said. Batches of text have many
    // shapes; ResNet-50 with its gradients has fewer than this.
    setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "96", 0);
    // Large tensors come and go outside the heap, where they would leave holes, in pages of two megabytes, which are
    // cheaper to take anew.
    setenv("THP_MEM_ALLOC_ENABLE", "1", 0);
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 32 << 20);
#endif
    return true;
}

c10::IValue unpack(const ct_value &argument) {
    switch (argument.kind) {
    case CT_NONE:
        return {};
    case CT_TENSOR:
        return static_cast<const ct_tensor *>(argument.pointer)->value;
    case CT_INT:
        return argument.integer;
    case CT_DOUBLE:
        return argument.real;
    case CT_BOOL:
        return argument.integer != 0;
    case CT_INTS: {
        auto first = static_cast<const int64_t *>(argument.pointer);
        return std::vector<int64_t>(first, first + argument.count);
    }
    case CT_TENSORS: {
        auto first = static_cast<const ct_tensor *const *>(argument.pointer);
        c10::List<at::Tensor> list;
        list.reserve(argument.count);
        for (int64_t i = 0; i < argument.count; ++i) list.push_back(first[i]->value);
        return list;
    }
    case CT_STRING:
        return std::string(static_cast<const char *>(argument.pointer));
    }
    throw std::invalid_argument("unknown argument kind");
}
}  // namespace

const char *ct_error(void) {
    return lastError.c_str();
}

const char *ct_version(void) {
    return TORCH_VERSION;
}

const ct_operator *ct_find(const char *name, const char *overload) {
    return guarded<const ct_operator *>(nullptr, [&] {
        return new ct_operator{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload)};
    });
}

int64_t ct_call(
    const ct_operator *operation, const ct_value *arguments, int64_t argument_count, ct_tensor **results,
    int64_t capacity) {
    return guarded<int64_t>(-1, [&]() -> int64_t {
        const auto &parameters = operation->handle.schema().arguments();
        torch::jit::Stack stack;
        stack.reserve(parameters.size());
        for (int64_t i = 0; i < argument_count; ++i) stack.push_back(unpack(arguments[i]));
        for (size_t i = argument_count; i < parameters.size(); ++i) {
            TORCH_CHECK(parameters[i].default_value(), "argument '", parameters[i].name(), "' is missing");
            stack.push_back(*parameters[i].default_value());
        }
        operation->handle.callBoxed(stack);
        std::vector<at::Tensor> tensors;
        for (auto &value : stack) {
            if (value.isTensor()) {
                tensors.push_back(std::move(value).toTensor());
            } else if (value.isTensorList()) {
                for (const at::Tensor &tensor : value.toTensorList()) tensors.push_back(tensor);
            }
        }
        TORCH_CHECK(static_cast<int64_t>(tensors.size()) <= capacity, "more results than room for them");
        for (size_t i = 0; i < tensors.size(); ++i) results[i] = owned(std::move(tensors[i]));
        return static_cast<int64_t>(tensors.size());
    });
}

ct_tensor *ct_make(const void *data, int32_t type, const int64_t *sizes, int64_t rank) {
    return guarded<ct_tensor *>(nullptr, [&] {
        auto result = at::empty(shape(sizes, rank), at::TensorOptions(static_cast<at::ScalarType>(type)));
        if (data && result.numel() > 0) std::memcpy(result.data_ptr(), data, result.nbytes());
        return owned(std::move(result));
    });
}

ct_tensor *ct_wrap(
    const void *data, int32_t type, const int64_t *sizes, int64_t rank, void (*release)(void *), void *context) {
    return guarded<ct_tensor *>(nullptr, [&] {
        return owned(at::from_blob(
            const_cast<void *>(data), shape(sizes, rank), [release, context](void *) { release(context); },
            at::TensorOptions(static_cast<at::ScalarType>(type))));
    });
}

void ct_free(ct_tensor *tensor) {
    delete tensor;
}

int64_t ct_rank(const ct_tensor *tensor) {
    return tensor->value.dim();
}

void ct_sizes(const ct_tensor *tensor, int64_t *sizes) {
    auto source = tensor->value.sizes();
    std::copy(source.begin(), source.end(), sizes);
}

int32_t ct_type(const ct_tensor *tensor) {
    return static_cast<int32_t>(tensor->value.scalar_type());
}

bool ct_is_contiguous(const ct_tensor *tensor) {
    return tensor->value.is_contiguous();
}

void *ct_data(const ct_tensor *tensor) {
    return tensor->value.data_ptr();
}

int32_t ct_set_requires_grad(ct_tensor *tensor, bool required) {
    return guarded<int32_t>(-1, [&] {
        tensor->value.set_requires_grad(required);
        return 0;
    });
}

int32_t ct_widen(ct_tensor *tensor) {
    return guarded<int32_t>(-1, [&] {
        tensor->value.set_data(tensor->value.to(at::kFloat));
        return 0;
    });
}

bool ct_requires_grad(const ct_tensor *tensor) {
    return tensor->value.requires_grad();
}

bool ct_set_recording(bool recording) {
    bool before = at::GradMode::is_enabled();
    at::GradMode::set_enabled(recording);
    return before;
}

int32_t ct_gradients(
    const ct_tensor *output, const ct_tensor *const *inputs, int64_t input_count, ct_tensor **results) {
    return guarded<int32_t>(-1, [&] {
        torch::autograd::variable_list variables;
        variables.reserve(input_count);
        for (int64_t i = 0; i < input_count; ++i) variables.push_back(inputs[i]->value);
        auto gradients = torch::autograd::grad(
            {output->value}, variables, {}, /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
        for (int64_t i = 0; i < input_count; ++i) {
            if (gradients[i].defined() && gradients[i].is_sparse()) gradients[i] = gradients[i].to_dense();
            results[i] = gradients[i].defined() ? owned(std::move(gradients[i])) : nullptr;
        }
        return 0;
    });
}

int32_t ct_add_gradients(
    const ct_tensor *output, const ct_tensor *const *inputs, int64_t input_count, ct_tensor *const *sums,
    ct_tensor **results) {
    return guarded<int32_t>(-1, [&] {
        torch::autograd::variable_list variables;
        variables.reserve(input_count);
        for (int64_t i = 0; i < input_count; ++i) {
            variables.push_back(inputs[i]->value);
            variables.back().mutable_grad() = sums[i] ? sums[i]->value : at::Tensor();
        }
        // As it is computed, each gradient goes into its sum, and its own memory is free again.
        unlearn::RowGradients rows;
        torch::autograd::backward({output->value}, {}, /*retain_graph=*/false, /*create_graph=*/false, variables);
        for (int64_t i = 0; i < input_count; ++i) {
            at::Tensor gradient;
            std::swap(gradient, variables[i].mutable_grad());
            rows.add(variables[i], gradient);
            results[i] = gradient.defined() ? owned(std::move(gradient)) : nullptr;
        }
        return 0;
    });
}

int32_t ct_configure(int32_t threads) {
    return guarded<int32_t>(-1, [&] {
        // Parallel jobs come here at the same time.
        static const bool prepared = prepare();
        (void)prepared;
        if (threads > 0) at::set_num_threads(threads);
        at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
        at::globalContext().setDeterministicFillUninitializedMemory(false);
        return 0;
    });
}

int32_t ct_threads(void) {
    return at::get_num_threads();
}

void ct_trim(void) {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

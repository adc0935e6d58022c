// Memory of large tensors: what one step frees the next one takes, and a process never holds much more than what its
// tensors needed at once. An allocator for everything either keeps what is free, and a step's gradients come beside its
// freed activations, or hands it back and takes it again as fresh pages at each operation.
#include "memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace {
constexpr size_t hugePage = 2 << 20;
/// Tensors of fewer bytes come from the C library.
constexpr size_t least = 64 << 10, largest = PTRDIFF_MAX / 2;
/// Free memory that is kept even where tensors never needed as much at once: results of operations of a block come and
/// go in turn, and fresh pages for each would take longer than the operations.
constexpr size_t margin = 8 << 20;

class TensorMemory final : public c10::Allocator {
public:
    at::DataPtr allocate(size_t bytes) override {
        // libtorch's own function takes the small ones, and says what is wrong with a size that no memory has.
        const bool isTaken = bytes >= least && bytes <= largest;
        void *address = isTaken ? take((bytes + page - 1) / page * page) : c10::alloc_cpu(bytes);
        return {address, address, &give_back, at::Device(at::kCPU)};
    }

    c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

    void copy_data(void *to, const void *from, size_t bytes) const override { default_copy_data(to, from, bytes); }

    void release_kept() {
        std::lock_guard lock(mutex);
        while (!kept.empty()) release_smallest();
    }

    /// Never destroyed: tensors may outlive everything else.
    static TensorMemory &shared() {
        static auto *memory = new TensorMemory;
        return *memory;
    }

private:
    const size_t page = sysconf(_SC_PAGESIZE);
    std::mutex mutex;
    std::unordered_map<char *, size_t> used;
    /// What is free, by address and by size. Neighbours are one range.
    std::map<char *, size_t> kept;
    std::set<std::pair<size_t, char *>> bySize;
    size_t usedBytes = 0, keptBytes = 0, mostUsed = 0;

    void *take(size_t size) {
        std::lock_guard lock(mutex);
        char *address;
        if (const auto fits = bySize.lower_bound({size, nullptr}); fits != bySize.end()) {
            const auto [rangeSize, start] = *fits;
            remove(kept.find(start));
            if (rangeSize > size) insert(start + size, rangeSize - size);
            address = start;
        } else {
            const size_t needed = usedBytes + size, allowed = std::max(mostUsed, needed) + margin;
            while (!kept.empty() && needed + keptBytes > allowed) release_smallest();
            address = map(size);
        }
        used[address] = size;
        usedBytes += size;
        mostUsed = std::max(mostUsed, usedBytes);
        return address;
    }

    char *map(size_t size) {
        const auto fresh = [size] {
            return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        };
        void *address = fresh();
        if (address == MAP_FAILED) {
            while (!kept.empty()) release_smallest();
            address = fresh();
        }
        // The first words are looked for: see engineFailure.
        TORCH_CHECK(address != MAP_FAILED, "can't allocate memory: a tensor of ", size, " bytes");
#if defined(__linux__)
        if (size >= hugePage) madvise(address, size, MADV_HUGEPAGE);
#endif
        return static_cast<char *>(address);
    }

    void release_smallest() {
        const auto [size, start] = *bySize.begin();
        remove(kept.find(start));
        munmap(start, size);
    }

    /// Whether the address is of a block from here, which then is free.
    bool keep(char *address) {
        // Small ones, the many, seldom begin with a page.
        if (reinterpret_cast<uintptr_t>(address) % page != 0) return false;
        std::lock_guard lock(mutex);
        const auto found = used.find(address);
        if (found == used.end()) return false;
        const size_t size = found->second;
        used.erase(found);
        usedBytes -= size;
        insert(address, size);
        return true;
    }

    std::map<char *, size_t>::iterator remove(std::map<char *, size_t>::iterator range) {
        keptBytes -= range->second;
        bySize.erase({range->second, range->first});
        return kept.erase(range);
    }

    /// Adds a range to what is free, joined with its neighbours.
    void insert(char *start, size_t size) {
        auto after = kept.lower_bound(start);
        if (after != kept.end() && after->first == start + size) {
            size += after->second;
            after = remove(after);
        }
        if (after != kept.begin()) {
            const auto before = std::prev(after);
            if (before->first + before->second == start) {
                start = before->first;
                size += before->second;
                remove(before);
            }
        }
        kept[start] = size;
        bySize.insert({size, start});
        keptBytes += size;
    }

    static void give_back(void *address) {
        if (!shared().keep(static_cast<char *>(address))) c10::free_cpu(address);
    }
};
}  // namespace

void unlearn::keep_tensor_memory() { c10::SetCPUAllocator(&TensorMemory::shared(), /*priority=*/1); }

void unlearn::release_kept_memory() { TensorMemory::shared().release_kept(); }

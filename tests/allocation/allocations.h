// What the whole process allocates, in every thread and library.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace tenon::test {

// The sizes asked for by each call of malloc and everything like it (calloc, realloc,
// posix_memalign, aligned_alloc, operator new, ...) while `action` runs; the first thousand.
std::vector<size_t> allocations_during(const std::function<void()>& action);

}  // namespace tenon::test

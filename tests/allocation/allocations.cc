// The functions below take the C library's place in the whole process, oneTBB's and the C++
// library's calls included: its operator new calls malloc, or aligned_alloc.
#include "tests/allocation/allocations.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <string_view>

namespace {

std::atomic<bool> counting = false;
std::atomic<size_t> calls = 0;
std::array<std::atomic<size_t>, 1000> sizes;

void note(size_t bytes) {
  if (!counting.load(std::memory_order_relaxed)) return;
  const size_t call = calls.fetch_add(1);
  if (call < sizes.size()) sizes[call] = bytes;
}

}  // namespace

#pragma GCC visibility push(default)  // for the libraries
extern "C" {

// glibc's own, under the names that it keeps for those who replace malloc.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* memory, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

void* malloc(size_t bytes) noexcept {
  note(bytes);
  return __libc_malloc(bytes);
}

void* calloc(size_t count, size_t bytes) noexcept {
  note(count * bytes);
  return __libc_calloc(count, bytes);
}

void* realloc(void* memory, size_t bytes) noexcept {
  note(bytes);
  return __libc_realloc(memory, bytes);
}

void* memalign(size_t alignment, size_t bytes) noexcept {
  note(bytes);
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(size_t alignment, size_t bytes) noexcept {
  note(bytes);
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, size_t alignment, size_t bytes) noexcept {
  note(bytes);
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

// oneTBB would open an allocator of its own, whose calls nobody sees; without it, it calls malloc.
void* dlopen(const char* file, int mode) noexcept {
  if (file != nullptr && std::string_view(file).find("libtbbmalloc") != std::string_view::npos) {
    return nullptr;
  }
  using Function = void* (*)(const char*, int);
  static const auto next = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "dlopen"));
  return next(file, mode);
}

}  // extern "C"
#pragma GCC visibility pop

namespace tenon::test {

std::vector<size_t> allocations_during(const std::function<void()>& action) {
  calls = 0;
  counting = true;
  action();
  counting = false;
  const size_t count = std::min(calls.load(), sizes.size());
  return {sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace tenon::test

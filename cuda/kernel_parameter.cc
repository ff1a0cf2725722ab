#include "cuda/kernel_parameter.h"

#include <cstring>
#include <type_traits>

namespace tenon::cuda {
namespace {

template <typename T>
void append(std::vector<std::byte>& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8 && sizeof(T) % 8 == 0);
  const size_t at = bytes.size();
  bytes.resize(at + sizeof value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

}  // namespace

KernelParameter::KernelParameter(std::initializer_list<int64_t> numbers, size_t inputs,
                                 size_t outputs, const std::vector<uint64_t>& constants,
                                 const std::vector<Offsets>& offsets)
    : addresses_(numbers.size() * sizeof(int64_t)), inputs_(inputs), outputs_(outputs) {
  for (const int64_t number : numbers) append(bytes_, number);
  for (size_t i = 0; i < inputs + outputs; ++i) append(bytes_, static_cast<const void*>(nullptr));
  for (const uint64_t constant : constants) append(bytes_, constant);
  for (const Offsets& one : offsets) append(bytes_, one);
}

void KernelParameter::write(const void* const* inputs, void* const* outputs, std::byte* to) const {
  constexpr size_t kPointer = sizeof(void*);
  std::memcpy(to, bytes_.data(), bytes_.size());
  std::memcpy(to + addresses_, inputs, inputs_ * kPointer);
  std::memcpy(to + addresses_ + inputs_ * kPointer, outputs, outputs_ * kPointer);
}

void KernelParameter::write_number(size_t index, int64_t number, std::byte* to) {
  std::memcpy(to + index * sizeof number, &number, sizeof number);
}

}  // namespace tenon::cuda

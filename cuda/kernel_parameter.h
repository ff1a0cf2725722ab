// The one parameter of a generated kernel, as its source declares it (source_text.h): numbers, then
// the addresses of inputs and outputs, constants, offsets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "cuda/offsets.h"

namespace tenon::cuda {

class KernelParameter {
 public:
  // The most that a kernel of any version of CUDA takes.
  static constexpr size_t kMostBytes = 4096;
  using Bytes = std::array<std::byte, kMostBytes>;

  KernelParameter(std::initializer_list<int64_t> numbers, size_t inputs, size_t outputs,
                  const std::vector<uint64_t>& constants, const std::vector<Offsets>& offsets);

  // Whether it is no larger than that: else there is no generated kernel.
  bool fits() const { return bytes_.size() <= kMostBytes; }

  size_t size() const { return bytes_.size(); }

  // Writes that of one launch, without allocating.
  void write(const void* const* inputs, void* const* outputs, std::byte* to) const;
  static void write_number(size_t index, int64_t number, std::byte* to);

 private:
  std::vector<std::byte> bytes_;  // without addresses
  size_t addresses_;              // where they begin
  size_t inputs_, outputs_;       // how many
};

}  // namespace tenon::cuda

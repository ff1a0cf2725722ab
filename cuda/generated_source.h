// The CUDA C++ source of a kernel that does what a tape says, for NVRTC.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "cuda/elementwise_tape.h"

namespace tenon::cuda {

// Threads of a block.
inline constexpr unsigned kGeneratedThreads = 256;

// Tapes that differ only in sizes, addresses and constants have one source. The kernel is called
// `run` and has one parameter, that GeneratedArguments makes.
struct GeneratedSource {
  std::string text;
  int width = 1;  // elements that a thread computes at once
};
GeneratedSource generated_source(const PreparedTape& tape);

// The parameter, as the source declares it.
class GeneratedArguments {
 public:
  // The most that a kernel of any version of CUDA takes.
  static constexpr size_t kMostBytes = 4096;
  using Bytes = std::array<std::byte, kMostBytes>;

  explicit GeneratedArguments(const PreparedTape& tape);

  // Whether they are no more than that: else there is no generated kernel.
  bool fit() const { return bytes_.size() <= kMostBytes; }

  // Writes those of one launch, without allocating. Addresses say what may be moved as vectors.
  void write(const void* const* inputs, void* const* outputs, Bytes& to) const;

 private:
  std::vector<std::byte> bytes_;     // without addresses
  size_t inputs_ = 0, outputs_ = 0;  // how many
  std::vector<bool> whole_;          // by input: whether it is as large as the outputs
};

}  // namespace tenon::cuda

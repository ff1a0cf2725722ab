// The CUDA C++ source of a kernel that does what a tape says, for NVRTC.
#pragma once

#include <string>
#include <vector>

#include "cuda/elementwise_tape.h"
#include "cuda/kernel_parameter.h"

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

// The same for as many such tapes as fit a kernel's parameter, side by side (GroupArguments).
GeneratedSource group_source(const PreparedTape& tape);

// The kernel's parameter. Addresses say what may be moved as vectors.
class GeneratedArguments {
 public:
  using Bytes = KernelParameter::Bytes;

  explicit GeneratedArguments(const PreparedTape& tape);

  bool fit() const { return parameter_.fits(); }
  size_t size() const { return parameter_.size(); }
  // Writes those of one launch, without allocating.
  void write(const void* const* inputs, void* const* outputs, std::byte* to) const;

 private:
  KernelParameter parameter_;
  size_t outputs_;           // how many
  std::vector<bool> whole_;  // by input: whether it is as large as the outputs
};

// The parameter of a group_source(): of each part its arguments, and the blocks that it gets.
class GroupArguments {
 public:
  // How many parts with arguments of so many bytes fit.
  static size_t most_parts(size_t size);

  GroupArguments(const std::vector<PreparedTape>& tapes, int width);

  unsigned blocks() const { return blocks_; }  // together
  // Inputs and outputs of all parts, one after the other.
  void write(const void* const* inputs, void* const* outputs, std::byte* to) const;

 private:
  struct Part {
    GeneratedArguments arguments;
    int64_t first_block;
    size_t inputs, outputs;  // how many
  };
  std::vector<Part> parts_;
  unsigned blocks_ = 0;
};

}  // namespace tenon::cuda

// Reads blocks of a tensor that is broadcast to a larger shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cpu_fallback/block_functions.h"
#include "tenon/dtype.h"
#include "tenon/shape.h"

namespace tenon::cpu {

class BroadcastReader {
 public:
  enum class Kind {
    kFull,      // as large as the output: its own memory is the block
    kScalar,    // one element for all: a block of copies serves the whole run
    kPeriodic,  // repeats after few elements: a table from which each block can start anywhere
    kGathered,  // any other: each block is gathered
  };

  // Throws InvalidArgumentError (shape_incompatible) when `from` doesn't broadcast to `to`.
  BroadcastReader(DType dtype, const Shape& from, const Shape& to);

  Kind kind() const { return kind_; }
  size_t element_bytes() const { return bytes_; }
  // Bytes of scratch memory for blocks of that many elements.
  size_t scratch_bytes(size_t block) const;

  // Fills the scratch memory with what serves all blocks of a run.
  void begin(const void* data, std::byte* scratch, size_t block) const;
  // Where the block of `count` elements from `index` of the output on can be read. It is followed
  // by copies of the last one up to `padded`. A block that isn't whole is the last of its run.
  const void* read(const void* data, std::byte* scratch, int64_t index, size_t count,
                   size_t padded) const;

 private:
  // Neighbouring axes that are all broadcast, or all not, are one.
  struct Axis {
    int64_t size;
    bool repeated;
    int64_t stride;  // in elements; 0 when repeated
  };
  int64_t offset_of(int64_t run) const;
  template <typename T>
  void gather(const T* data, T* to, int64_t index, int64_t count) const;

  Kind kind_ = Kind::kFull;
  size_t bytes_;
  RepeatFunction repeat_;
  int64_t period_ = 0;
  std::vector<Axis> axes_;  // the outermost first
};

}  // namespace tenon::cpu

// Elementwise programs as the GPU's interpreter reads them: a tape of instructions over words.
#pragma once

#include <cstdint>
#include <vector>

#include "core/backend/backend.h"
#include "cuda/offsets.h"

namespace tenon::cuda {

// Elements that a thread computes at once, its block's size apart.
inline constexpr int kVector = 4;

// How an instruction computes. Numbers of 8 and 16 bits and bool are computed as kInt, half
// precision as kFloat; the result is then brought to its dtype.
enum class Arithmetic : uint8_t { kFloat, kInt, kUnsigned, kDouble, kLong, kUnsignedLong };
Arithmetic arithmetic_of(DType dtype);  // of values of that dtype

enum class TapeOp : uint8_t { kLoad, kCompute, kStore };

struct TapeStep {
  TapeOp op;
  internal::Primitive primitive;
  Arithmetic arithmetic;  // of the operands
  DType dtype;            // of the result; of what is loaded or stored
  uint16_t out;           // kLoad, kCompute: a slot; kStore: an output
  // Operands: slots, or constants from kConstant on. kLoad: an input and its offsets (0: as large
  // as the outputs, 1: one element, else 2 + the place in the list).
  uint16_t a, b, c;
};
inline constexpr uint16_t kConstant = 0x8000;

// What one kernel can take. It travels as the kernel's parameter: nothing lies in the GPU's memory.
struct SmallTape {
  static constexpr int kSteps = 48, kInputs = 12, kOutputs = 4, kConstants = 16, kOffsets = 3;
};
// Fused programs have up to 256 instructions of up to three operands each.
struct LargeTape {
  static constexpr int kSteps = 1088, kInputs = 544, kOutputs = 32, kConstants = 512, kOffsets = 16;
};

template <class Sizes>
struct Tape {
  int64_t count;  // elements of an output
  int step_count, constant_count, word_bytes, constants_at;
  TapeStep steps[Sizes::kSteps];
  const void* inputs[Sizes::kInputs];
  void* outputs[Sizes::kOutputs];
  uint64_t constants[Sizes::kConstants];
  Offsets offsets[Sizes::kOffsets];
};
// The same, whatever its sizes.
struct TapeView {
  int step_count;
  int word_bytes;    // of a word: 4, or 8 where values are of 64 bits
  int constants_at;  // bytes of the words, behind which the constants lie
  int64_t count;
  const TapeStep* steps;
  const void* const* inputs;
  void* const* outputs;
  const uint64_t* constants;
  const Offsets* offsets;
};
static_assert(sizeof(Tape<LargeTape>) < 32000, "CUDA takes parameters of 32,764 bytes");

// A program made ready for shapes.
struct PreparedTape {
  // Throws InvalidArgumentError (shape_incompatible) when an input doesn't broadcast to the
  // outputs' shape, UnimplementedError (no_kernel) for what the interpreter can't take.
  explicit PreparedTape(const internal::KernelRequest& request);

  int64_t count = 0;  // elements of an output
  int slots = 0;      // words that live at one time, for each element
  bool wide = false;  // whether words are of 64 bits
  std::vector<TapeStep> steps;
  std::vector<uint64_t> constants;
  std::vector<Offsets> offsets;
  size_t inputs = 0, outputs = 0;

  int word_bytes() const { return wide ? 8 : 4; }
  int bytes_of_slot() const { return kVector * word_bytes(); }  // in one thread
  size_t shared_bytes(int threads) const {                      // of a block
    return static_cast<size_t>(slots) * static_cast<size_t>(bytes_of_slot() * threads) +
           constants.size() * sizeof(uint64_t);
  }
};

// How an input that broadcasts to `to` is read. Throws InvalidArgumentError (shape_incompatible)
// when it doesn't.
Offsets broadcast_offsets(const Shape& from, const Shape& to);
// A constant as what it is computed with.
uint64_t word_of(const internal::ElementwiseProgram::Constant& constant);

// Threads of a block whose words fit the shared memory. Throws UnimplementedError (no_kernel) when
// none do.
int tape_threads(const PreparedTape& tape);

}  // namespace tenon::cuda

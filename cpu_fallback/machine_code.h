// Runs of simple arithmetic in an elementwise program, as machine code of x86-64 processors with
// AVX2 or AVX-512: what lies between the instructions stays in registers. The results have the bits
// of the block functions' (but for which NaN a NaN is).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/backend/elementwise.h"

namespace tenon::cpu {

enum class InstructionSet : uint8_t { kAvx2, kAvx512 };

// The widest of this processor; nothing where it has none, or where TENON_DISABLE_JIT is set.
std::optional<InstructionSet> instruction_set();

// Neighbouring instructions of a program, all of arithmetic in one dtype or of bool.
struct InstructionRun {
  const internal::ElementwiseProgram* program = nullptr;
  size_t first = 0;
  size_t count = 0;
  DType dtype = DType::invalid;
  std::vector<int> reads;   // values that are there before it, but for constants
  std::vector<int> writes;  // those of its own that are needed after it
};

// The longest one from `first` on, of no instructions where the first has no machine code.
InstructionRun run_from(const internal::ElementwiseProgram& program, size_t first);
// Its first `count` instructions.
InstructionRun shortened(const InstructionRun& run, size_t count);

// Immutable: any number of threads may run it at once.
class MachineCode {
 public:
  // Equal runs share their code while one is in use. Null where there are too few registers for the
  // run, or the system gives no memory that may be executed.
  static std::shared_ptr<const MachineCode> make(const InstructionRun& run, InstructionSet set);

  explicit MachineCode(std::span<const uint8_t> code);  // without memory: see exists()
  MachineCode(const MachineCode&) = delete;
  MachineCode& operator=(const MachineCode&) = delete;
  ~MachineCode();

  bool exists() const { return memory_ != nullptr; }
  // `values` says by number where a block of each value lies that is read or written; `padded` is a
  // multiple of kBlockGroup, and not 0. What is written may be one of what is read.
  void operator()(const void* const* values, size_t padded) const;

 private:
  void* memory_ = nullptr;  // pages, which are never writable and executable at once
  size_t bytes_ = 0;
};

// The code itself, before it is anywhere; empty where there are too few registers.
std::vector<uint8_t> emit_machine_code(const InstructionRun& run, InstructionSet set);

}  // namespace tenon::cpu

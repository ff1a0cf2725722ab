// An elementwise program made ready for shapes: the block interpreter, whose steps are machine code
// where there is some for several instructions.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "core/backend/backend.h"
#include "cpu_fallback/block_functions.h"
#include "cpu_fallback/broadcast_reader.h"
#include "cpu_fallback/machine_code.h"

namespace tenon::cpu {

// Runs a program block by block, so that what lies between instructions stays in the cache.
// Immutable once made: any number of threads may run it at once. Outputs may lie where inputs of
// their own shape and dtype lie.
class PreparedProgram {
 public:
  // Throws InvalidArgumentError (shape_incompatible) when an input doesn't broadcast to the
  // outputs' shape, UnimplementedError (no_kernel) for a primitive without meaning for its dtype.
  explicit PreparedProgram(const internal::KernelRequest& request);

  void run(const internal::Launch& args) const;

  // As a kernel.
  static internal::Kernel kernel(const internal::KernelRequest& request);

 private:
  struct Result {
    int value;
    int direct = -1;  // the output that it may be written to without a temporary
    size_t slot = 0;  // where it lies in the scratch memory
  };
  // Either a function of one instruction or the code of several.
  struct Step {
    BlockFunction function = nullptr;
    std::shared_ptr<const MachineCode> code;
    std::vector<int> operands;  // values; of a function in its order
    std::vector<Result> results;
  };
  struct Input {
    BroadcastReader reader;
    size_t slot = 0;
  };
  struct Output {
    int value;
    size_t bytes;  // of an element
  };

  void make_constants(const internal::ElementwiseProgram& program);
  void make_steps(const internal::ElementwiseProgram& program);
  void add_function(const internal::ElementwiseProgram& program, size_t instruction);
  size_t add_machine_code(const internal::ElementwiseProgram& program, size_t first);
  void find_direct_outputs(const internal::ElementwiseProgram& program);
  size_t place(const internal::ElementwiseProgram& program);
  void run_range(const internal::Launch& args, int64_t begin, int64_t end) const;
  void run_block(const internal::Launch& args, std::byte* slots, const void** values, int64_t begin,
                 size_t count) const;
  static void run_step(const Step& step, const void** values, size_t padded, size_t count);

  int64_t total_ = 0;         // elements of an output
  int64_t grain_ = 0;         // elements in a piece for one thread
  size_t block_ = 0;          // elements in a block
  size_t value_bytes_ = 0;    // of the table of where values lie
  size_t scratch_bytes_ = 0;  // of that table and the slots
  std::vector<Input> inputs_;
  std::vector<std::unique_ptr<std::byte[]>> constants_;  // a block of each
  std::vector<Step> steps_;
  std::vector<Output> outputs_;
  std::vector<bool> output_is_direct_;
};

}  // namespace tenon::cpu

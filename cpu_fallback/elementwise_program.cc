#include "cpu_fallback/elementwise_program.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/kernels/cpu_queue.h"
#include "cpu_fallback/half.h"

namespace tenon::cpu {

using internal::ElementwiseProgram;
using internal::KernelRequest;
using internal::Launch;
using internal::Primitive;

namespace {

constexpr size_t kLargestBlock = 512;
constexpr size_t kStackScratch = 96 << 10;  // programs that need more take it from the heap
constexpr size_t kWantedScratch = 64 << 10;
constexpr size_t kNoSlot = SIZE_MAX;
constexpr int64_t kWorthMachineCode = 1024;  // elements; making the code takes some 15 us

size_t round_up(size_t value, size_t to) { return (value + to - 1) / to * to; }

// A block filled with the constant.
std::unique_ptr<std::byte[]> block_of(const ElementwiseProgram::Constant& constant, size_t block) {
  const size_t bytes = size_of(constant.dtype);
  std::byte element[8] = {};
  if (constant.dtype == DType::float64) {
    std::memcpy(element, &constant.number, 8);
  } else if (is_floating(constant.dtype)) {
    const auto number = static_cast<float>(constant.number);
    const Half half(number);
    const Bfloat16 bfloat(number);
    const void* from = constant.dtype == DType::float16    ? static_cast<const void*>(&half)
                       : constant.dtype == DType::bfloat16 ? static_cast<const void*>(&bfloat)
                                                           : static_cast<const void*>(&number);
    std::memcpy(element, from, bytes);
  } else {
    const auto bits = static_cast<uint64_t>(constant.integer);
    for (size_t i = 0; i < bytes; ++i) element[i] = static_cast<std::byte>(bits >> (8 * i));
    if constexpr (std::endian::native == std::endian::big) std::reverse(element, element + bytes);
  }
  auto filled = std::make_unique<std::byte[]>(block * bytes);
  for (size_t i = 0; i < block; ++i) std::memcpy(filled.get() + i * bytes, element, bytes);
  return filled;
}

// Whether one instruction costs as much as many others.
bool costly(const ElementwiseProgram::Instruction& instruction) {
  switch (instruction.primitive) {
    case Primitive::kErf:
    case Primitive::kErfc:
    case Primitive::kErfinv:
    case Primitive::kNdtri:
    case Primitive::kLgamma:
    case Primitive::kDigamma:
    case Primitive::kZeta:
    case Primitive::kPower:
    case Primitive::kTanh:
    case Primitive::kExp:
    case Primitive::kLog:
    case Primitive::kSigmoid:
      return true;
    default:
      return false;
  }
}

}  // namespace

PreparedProgram::PreparedProgram(const KernelRequest& request) {
  internal::require<InvalidArgumentError>(request.program != nullptr && !request.outputs.empty(),
                                          ErrorKind::bad_argument,
                                          "An elementwise kernel needs a program with an output");
  const ElementwiseProgram& program = *request.program;
  const Shape& shape = request.output_shape(0);
  total_ = shape.element_count();
  for (const internal::TensorSpec& input : request.inputs) {
    inputs_.push_back({.reader = BroadcastReader(input.dtype, input.shape, shape)});
  }
  for (const int value : program.outputs) {
    outputs_.push_back({.value = value, .bytes = size_of(program.dtype_of_value(value))});
  }
  make_steps(program);
  find_direct_outputs(program);
  // The largest block for which everything stays near.
  block_ = kLargestBlock;
  while (place(program) > kWantedScratch && block_ > kBlockGroup) block_ /= 2;
  block_ = std::min(block_, round_up(static_cast<size_t>(total_), kBlockGroup));
  scratch_bytes_ = place(program);
  make_constants(program);
  const auto is_costly =
      std::any_of(program.instructions.begin(), program.instructions.end(), costly);
  grain_ = is_costly || program.instructions.size() >= 8 ? 8192 : 16384;
}

void PreparedProgram::make_constants(const ElementwiseProgram& program) {
  for (const auto& constant : program.constants) constants_.push_back(block_of(constant, block_));
}

void PreparedProgram::make_steps(const ElementwiseProgram& program) {
  for (size_t i = 0; i < program.instructions.size();) {
    const size_t together = total_ < kWorthMachineCode ? 0 : add_machine_code(program, i);
    if (together == 0) add_function(program, i);
    i += std::max<size_t>(together, 1);
  }
}

void PreparedProgram::add_function(const ElementwiseProgram& program, size_t instruction) {
  const auto& [primitive, operand_dtype, dtype, a, b, c] = program.instructions[instruction];
  const BlockFunction function = find_block_function(primitive, operand_dtype, dtype);
  internal::require<UnimplementedError>(function != nullptr, ErrorKind::no_kernel, "There is no ",
                                        internal::to_string(primitive), " of ", operand_dtype,
                                        " giving ", dtype, " on the CPU");
  const size_t value = program.inputs.size() + program.constants.size() + instruction;
  Step step;
  step.function = function;
  step.results = {{.value = static_cast<int>(value)}};
  for (const int operand : {a, b, c}) {
    if (operand >= 0) step.operands.push_back(operand);
  }
  steps_.push_back(std::move(step));
}

// How many instructions from `first` on became one step.
size_t PreparedProgram::add_machine_code(const ElementwiseProgram& program, size_t first) {
  const std::optional<InstructionSet> set = instruction_set();
  if (!set) return 0;
  InstructionRun run = run_from(program, first);
  while (run.count >= 2) {
    if (auto code = MachineCode::make(run, *set)) {
      Step step;
      step.code = std::move(code);
      step.operands = run.reads;
      for (const int value : run.writes) step.results.push_back({.value = value});
      steps_.push_back(std::move(step));
      return run.count;
    }
    run = shortened(run, run.count * 3 / 4);
  }
  return 0;
}

// A step may write an output's memory itself when no later one reads an input: the output may lie
// where an input does. An output that is another's copy, or an input, is copied in the end.
void PreparedProgram::find_direct_outputs(const ElementwiseProgram& program) {
  const auto inputs = static_cast<int>(program.inputs.size());
  output_is_direct_.assign(outputs_.size(), false);
  const bool input_is_output = std::any_of(outputs_.begin(), outputs_.end(),
                                           [&](const Output& o) { return o.value < inputs; });
  if (input_is_output) return;
  for (size_t i = steps_.size(); i-- > 0;) {
    for (Result& result : steps_[i].results) {
      for (size_t output = 0; output < outputs_.size() && result.direct < 0; ++output) {
        if (outputs_[output].value != result.value) continue;
        result.direct = static_cast<int>(output);
        output_is_direct_[output] = true;
      }
    }
    for (const int operand : steps_[i].operands) {
      if (operand < inputs) return;
    }
  }
}

// Gives inputs and steps their slots; returns the bytes of scratch memory for the block's size.
size_t PreparedProgram::place(const ElementwiseProgram& program) {
  value_bytes_ = round_up(static_cast<size_t>(program.value_count()) * sizeof(void*), 64);
  size_t end = value_bytes_;
  for (Input& input : inputs_) {
    input.slot = end;
    end += input.reader.scratch_bytes(block_);
  }
  const auto count = static_cast<size_t>(program.value_count());
  std::vector<size_t> last_use(count, 0), slot_of(count, kNoSlot);
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (const int operand : steps_[i].operands) last_use[static_cast<size_t>(operand)] = i;
  }
  for (const Output& output : outputs_) {
    last_use[static_cast<size_t>(output.value)] = steps_.size();
  }
  std::vector<size_t> free;
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (Result& result : steps_[i].results) {
      if (free.empty()) {
        free.push_back(end);
        end += round_up(block_ * 8, 64);
      }
      result.slot = slot_of[static_cast<size_t>(result.value)] = free.back();
      free.pop_back();
    }
    for (const int operand : steps_[i].operands) {
      size_t& slot = slot_of[static_cast<size_t>(operand)];
      if (slot == kNoSlot || last_use[static_cast<size_t>(operand)] != i) continue;
      free.push_back(std::exchange(slot, kNoSlot));  // an operand may be there twice
    }
  }
  return end;
}

internal::Kernel PreparedProgram::kernel(const KernelRequest& request) {
  const auto program = std::make_shared<const PreparedProgram>(request);
  return {.launch = [program](const Launch& args) { program->run(args); }};
}

void PreparedProgram::run(const Launch& args) const {
  if (total_ == 0) return;
  pool(args).for_range(total_, grain_,
                       [&](int64_t begin, int64_t end) { run_range(args, begin, end); });
}

void PreparedProgram::run_range(const Launch& args, int64_t begin, int64_t end) const {
  alignas(64) std::byte stack[kStackScratch];
  std::vector<std::byte> heap;
  std::byte* scratch = stack;
  if (scratch_bytes_ > kStackScratch) {
    heap.resize(scratch_bytes_ + 64);
    void* memory = heap.data();
    size_t space = heap.size();
    scratch = static_cast<std::byte*>(std::align(64, scratch_bytes_, memory, space));
  }
  auto** values = reinterpret_cast<const void**>(scratch);
  for (size_t i = 0; i < inputs_.size(); ++i) {
    inputs_[i].reader.begin(args.inputs[i], scratch + inputs_[i].slot, block_);
  }
  for (size_t i = 0; i < constants_.size(); ++i) values[inputs_.size() + i] = constants_[i].get();
  const auto block = static_cast<int64_t>(block_);
  for (int64_t at = begin; at < end; at += block) {
    run_block(args, scratch, values, at, static_cast<size_t>(std::min(block, end - at)));
  }
}

void PreparedProgram::run_step(const Step& step, const void** values, size_t padded, size_t count) {
  if (step.code != nullptr) {
    (*step.code)(values, padded);
    return;
  }
  const auto operand = [&](size_t index) {
    return index < step.operands.size() ? values[step.operands[index]] : nullptr;
  };
  step.function(const_cast<void*>(values[step.results[0].value]), operand(0), operand(1),
                operand(2), padded, count);
}

void PreparedProgram::run_block(const Launch& args, std::byte* slots, const void** values,
                                int64_t begin, size_t count) const {
  const size_t padded = round_up(count, kBlockGroup);
  for (size_t i = 0; i < inputs_.size(); ++i) {
    values[i] =
        inputs_[i].reader.read(args.inputs[i], slots + inputs_[i].slot, begin, count, padded);
  }
  const auto output = [&](size_t index) {
    return static_cast<std::byte*>(args.outputs[index]) +
           static_cast<size_t>(begin) * outputs_[index].bytes;
  };
  const bool whole = count == padded;
  for (const Step& step : steps_) {
    for (const Result& result : step.results) {
      values[result.value] = whole && result.direct >= 0
                                 ? output(static_cast<size_t>(result.direct))
                                 : slots + result.slot;
    }
    run_step(step, values, padded, count);
  }
  for (size_t i = 0; i < outputs_.size(); ++i) {
    if (whole && output_is_direct_[i]) continue;
    std::memcpy(output(i), values[outputs_[i].value], count * outputs_[i].bytes);
  }
}

}  // namespace tenon::cpu

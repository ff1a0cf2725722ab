#include "cpu_fallback/machine_code.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/backend/module.h"

namespace tenon::cpu {

using internal::ElementwiseProgram;
using internal::Primitive;
using Instruction = ElementwiseProgram::Instruction;

namespace {

// The dtype of an instruction's arithmetic: of the operands, or of what a bool becomes.
DType arithmetic_dtype(const Instruction& instruction) {
  return is_floating(instruction.operand_dtype) ? instruction.operand_dtype : instruction.dtype;
}

// Whether there is machine code for it in a run whose arithmetic is of that dtype.
bool has_machine_code(const Instruction& instruction, DType dtype) {
  const bool of_dtype = instruction.operand_dtype == dtype;
  switch (instruction.primitive) {
    case Primitive::kNegate:
    case Primitive::kAbs:
    case Primitive::kSqrt:
    case Primitive::kRsqrt:
    case Primitive::kReciprocal:
    case Primitive::kFloor:
    case Primitive::kCeil:
    case Primitive::kRound:
    case Primitive::kIsFinite:
    case Primitive::kIsNan:
    case Primitive::kAdd:
    case Primitive::kSubtract:
    case Primitive::kMultiply:
    case Primitive::kDivide:
    case Primitive::kFloorDivide:
    case Primitive::kMaximum:
    case Primitive::kMinimum:
    case Primitive::kSquaredDifference:
    case Primitive::kEqual:
    case Primitive::kNotEqual:
    case Primitive::kLess:
    case Primitive::kLessEqual:
    case Primitive::kGreater:
    case Primitive::kGreaterEqual:
    case Primitive::kSelect:
      return of_dtype;
    case Primitive::kLogicalNot:
    case Primitive::kLogicalAnd:
    case Primitive::kLogicalOr:
      return true;
    case Primitive::kCast:  // between bool and numbers
      return (of_dtype && instruction.dtype == DType::bool_) ||
             (instruction.dtype == dtype && instruction.operand_dtype == DType::bool_);
    default:
      return false;
  }
}

// Sets what the run reads and writes.
void find_values(InstructionRun& run) {
  const ElementwiseProgram& program = *run.program;
  const auto inputs = static_cast<int>(program.inputs.size());
  const int instructions = inputs + static_cast<int>(program.constants.size());
  const int own = instructions + static_cast<int>(run.first);
  const int end = own + static_cast<int>(run.count);
  const auto note = [](std::vector<int>& values, int value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  run.reads.clear();
  run.writes.clear();
  for (size_t i = run.first; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    const bool inside = i < run.first + run.count;
    for (const int operand : {instruction.a, instruction.b, instruction.c}) {
      if (operand < 0) continue;
      const bool constant = operand >= inputs && operand < instructions;
      if (inside && operand < own && !constant) note(run.reads, operand);
      if (!inside && operand >= own && operand < end) note(run.writes, operand);
    }
  }
  for (const int output : program.outputs) {
    if (output >= own && output < end) note(run.writes, output);
  }
}

// What tells runs apart: their instructions, constants, and what they write.
std::string key_of(const InstructionRun& run, InstructionSet set) {
  std::string key;
  const auto put = [&](auto value) {
    key.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const ElementwiseProgram& program = *run.program;
  put(set);
  put(program.inputs.size());
  put(program.constants.size());
  put(run.first);
  for (const ElementwiseProgram::Constant& constant : program.constants) {
    put(constant.dtype);
    put(constant.number);
    put(constant.integer);
  }
  for (size_t i = run.first; i < run.first + run.count; ++i) {
    const Instruction& instruction = program.instructions[i];
    put(instruction.primitive);
    put(instruction.operand_dtype);
    put(instruction.dtype);
    put(instruction.a);
    put(instruction.b);
    put(instruction.c);
  }
  for (const int value : run.reads) put(program.dtype_of_value(value));
  for (const int value : run.writes) put(value);
  return key;
}

// Systems allow a process some 65,000 mappings.
constexpr size_t kFewCodes = 64, kMostCodes = 8192;

// The code that is in use. Never destroyed: kernels may outlive static objects.
struct Cache {
  std::mutex mutex;
  std::unordered_map<std::string, std::weak_ptr<const MachineCode>> codes;
  size_t swept_at = kFewCodes;  // entries at which those that are gone are next looked for
  bool refused = false;         // whether the system gave no memory that may be executed
};
Cache& cache() {
  static auto* const one = new Cache;
  return *one;
}

// Where the function begins: sanitizers look at the bytes in front of what is called.
constexpr size_t kEntry = 64;

}  // namespace

std::optional<InstructionSet> instruction_set() {
#if defined(__x86_64__)
  static const std::optional<InstructionSet> found = []() -> std::optional<InstructionSet> {
    if (internal::is_set("TENON_DISABLE_JIT")) return std::nullopt;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      return InstructionSet::kAvx512;
    }
    if (__builtin_cpu_supports("avx2")) return InstructionSet::kAvx2;
    return std::nullopt;
  }();
  return found;
#else
  return std::nullopt;
#endif
}

InstructionRun run_from(const ElementwiseProgram& program, size_t first) {
  InstructionRun run;
  run.program = &program;
  run.first = first;
  const std::span<const Instruction> all(program.instructions);
  for (const Instruction& instruction : all.subspan(first)) {
    const DType dtype = arithmetic_dtype(instruction);
    if (run.dtype == DType::invalid && (dtype == DType::float32 || dtype == DType::float64)) {
      run.dtype = dtype;
    }
    if (!has_machine_code(instruction, run.dtype)) break;
    ++run.count;
  }
  if (run.dtype == DType::invalid) run.count = 0;
  find_values(run);
  return run;
}

InstructionRun shortened(const InstructionRun& run, size_t count) {
  InstructionRun shorter = run;
  shorter.count = count;
  find_values(shorter);
  return shorter;
}

std::shared_ptr<const MachineCode> MachineCode::make(const InstructionRun& run,
                                                     InstructionSet set) {
  const std::string key = key_of(run, set);
  Cache& in_use = cache();
  const std::lock_guard lock(in_use.mutex);
  if (in_use.refused) return nullptr;
  if (const auto found = in_use.codes.find(key); found != in_use.codes.end()) {
    if (std::shared_ptr<const MachineCode> code = found->second.lock()) return code;
  }
  if (in_use.codes.size() >= in_use.swept_at) {
    std::erase_if(in_use.codes, [](const auto& entry) { return entry.second.expired(); });
    in_use.swept_at = std::clamp(2 * in_use.codes.size(), kFewCodes, kMostCodes);
  }
  if (in_use.codes.size() >= kMostCodes) return nullptr;
  const std::vector<uint8_t> bytes = emit_machine_code(run, set);
  if (bytes.empty()) return nullptr;
  auto code = std::make_shared<const MachineCode>(bytes);
  in_use.refused = !code->exists();
  if (in_use.refused) return nullptr;
  in_use.codes[key] = code;
  return code;
}

MachineCode::MachineCode(std::span<const uint8_t> code) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  bytes_ = (kEntry + code.size() + page - 1) / page * page;
  void* const pages =
      mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return;
  std::memcpy(static_cast<std::byte*>(pages) + kEntry, code.data(), code.size());
  if (mprotect(pages, bytes_, PROT_READ | PROT_EXEC) == 0) {
    memory_ = pages;
  } else {
    munmap(pages, bytes_);  // some systems refuse it
  }
}

MachineCode::~MachineCode() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

void MachineCode::operator()(const void* const* values, size_t padded) const {
  using Function = void (*)(const void* const*, size_t);
  reinterpret_cast<Function>(static_cast<std::byte*>(memory_) + kEntry)(values, padded);
}

}  // namespace tenon::cpu

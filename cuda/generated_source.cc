#include "cuda/generated_source.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/base/strings.h"
#include "cuda/source_text.h"

namespace tenon::cuda {
namespace {

using internal::str;

constexpr size_t kMostInputsAbreast = 12;  // registers are few

class SourceWriter {
 public:
  explicit SourceWriter(const PreparedTape& tape)
      : tape_(tape), values_(static_cast<size_t>(tape.slots)) {}

  // The kernel of one tape, or of many side by side.
  GeneratedSource write(size_t most_parts = 0) {
    size_t loads = 0;
    for (const TapeStep& step : tape_.steps) {
      if (step.op == TapeOp::kLoad) load(step), ++loads;
      if (step.op == TapeOp::kCompute) compute(step);
      if (step.op == TapeOp::kStore) store(step);
    }
    const bool abreast = tape_.steps.size() <= kMostStepsAbreast && loads <= kMostInputsAbreast;
    const int width = abreast ? kWidth : 1;
    return {.text = str("#include \"cuda/generated/support.h\"\n\n",
                        "using namespace tenon::cuda::generated;\n\n", arguments(),
                        "template <int kWidth>\n",
                        "__device__ inline void compute(const Arguments& p, int64_t first) {\n",
                        loads_, declared_, "#pragma unroll\n",
                        "  for (int k = 0; k < kWidth; ++k) {\n", body_, "  }\n", stores_, "}\n\n",
                        most_parts > 0 ? entry_of_many(width, most_parts) : entry(width)),
            .width = width};
  }

 private:
  static std::string bounds() {
    return str("extern \"C\" __global__ void __launch_bounds__(", kGeneratedThreads, ")\n");
  }
  static std::string entry(int width) {
    return str(bounds(), "run(const __grid_constant__ Arguments p) {\n  for_each<", width,
               ">(p.count, p.aligned != 0, blockIdx.x, gridDim.x,\n",
               "              [&](auto width, int64_t first) {\n",
               "    compute<decltype(width)::value>(p, first);\n  });\n}\n");
  }
  // Each block works on one part.
  static std::string entry_of_many(int width, size_t most_parts) {
    return str(
        "struct Parts {\n  int64_t count, blocks;\n  int64_t first_blocks[", most_parts,
        "];\n  Arguments parts[", most_parts, "];\n};\n\n", bounds(),
        "run(const __grid_constant__ Parts all) {\n", "  int part = 0;\n",
        "  while (part + 1 < all.count && all.first_blocks[part + 1] <= blockIdx.x) ++part;\n",
        "  const int64_t first_block = all.first_blocks[part];\n",
        "  const int64_t end = part + 1 < all.count ? all.first_blocks[part + 1] : all.blocks;\n",
        "  const Arguments& p = all.parts[part];\n  for_each<", width,
        ">(p.count, p.aligned != 0, blockIdx.x - first_block, end - first_block,\n",
        "              [&](auto width, int64_t first) {\n",
        "    compute<decltype(width)::value>(p, first);\n  });\n}\n");
  }

  std::string arguments() const {
    return parameter_text({.numbers = "count, aligned",
                           .inputs = tape_.inputs,
                           .outputs = tape_.outputs,
                           .constants = tape_.constants.size(),
                           .offsets = tape_.offsets.size()});
  }

  // An operand of an instruction that computes with `arithmetic`.
  std::string operand(uint16_t operand, Arithmetic arithmetic) const {
    if ((operand & kConstant) == 0) return values_[operand];
    return constant_text(operand & 0x7fff, arithmetic);
  }

  // Gives the slot a new value.
  std::string& name_value(uint16_t slot) { return values_[slot] = str("v", next_++); }

  void load(const TapeStep& step) {
    const std::string_view type = type_of(step.dtype);
    std::string element = str("x", step.a);
    loads_ += str("  const auto x", step.a, " = ");
    if (step.b == 0) {
      loads_ += str("load<", type, ", kWidth>(p.inputs[", step.a, "], first);\n");
      element += "[k]";
    } else if (step.b == 1) {
      loads_ += str("single<", type, ">(p.inputs[", step.a, "]);\n");
    } else {
      loads_ += str("gather<", type, ", kWidth>(p.inputs[", step.a, "], p.offsets[", step.b - 2,
                    "], first);\n");
      element += "[k]";
    }
    body_ += str("    const auto ", name_value(step.out), " = word(", element, ");\n");
  }

  void compute(const TapeStep& step) {
    const uint16_t operands[] = {step.a, step.b, step.c};
    const std::string value = primitive_text(
        step.primitive, step.arithmetic, step.dtype,
        [&](int index, Arithmetic arithmetic) { return operand(operands[index], arithmetic); });
    body_ += str("    const auto ", name_value(step.out), " = ", value, ";\n");
  }

  void store(const TapeStep& step) {
    const std::string_view type = type_of(step.dtype);
    declared_ += str("  Vector<", type, ", kWidth> y", step.out, ";\n");
    body_ += str("    y", step.out, "[k] = static_cast<", type, ">(",
                 operand(step.a, arithmetic_of(step.dtype)), ");\n");
    stores_ += str("  store(p.outputs[", step.out, "], first, y", step.out, ");\n");
  }

  const PreparedTape& tape_;
  std::vector<std::string> values_;  // by slot: what the value in it is called
  int next_ = 0;
  std::string loads_, declared_, body_, stores_;
};

}  // namespace

GeneratedSource generated_source(const PreparedTape& tape) { return SourceWriter(tape).write(); }

GeneratedSource group_source(const PreparedTape& tape) {
  return SourceWriter(tape).write(GroupArguments::most_parts(GeneratedArguments(tape).size()));
}

GeneratedArguments::GeneratedArguments(const PreparedTape& tape)
    : parameter_({tape.count, 0}, tape.inputs, tape.outputs, tape.constants, tape.offsets),
      outputs_(tape.outputs),
      whole_(tape.inputs, false) {
  for (const TapeStep& step : tape.steps) {
    if (step.op == TapeOp::kLoad && step.b == 0) whole_[step.a] = true;
  }
}

void GeneratedArguments::write(const void* const* inputs, void* const* outputs,
                               std::byte* to) const {
  parameter_.write(inputs, outputs, to);
  uintptr_t bits = 0;
  for (size_t i = 0; i < whole_.size(); ++i) {
    if (whole_[i]) bits |= reinterpret_cast<uintptr_t>(inputs[i]);
  }
  for (size_t i = 0; i < outputs_; ++i) bits |= reinterpret_cast<uintptr_t>(outputs[i]);
  KernelParameter::write_number(1, bits % 16 == 0 ? 1 : 0, to);
}

namespace {

constexpr size_t kGroupHeader = 2 * sizeof(int64_t);
constexpr int64_t kMostBlocksOfPart = 1 << 10;  // a thread then does more than one thing

}  // namespace

size_t GroupArguments::most_parts(size_t size) {
  return (KernelParameter::kMostBytes - kGroupHeader) / (size + sizeof(int64_t));
}

GroupArguments::GroupArguments(const std::vector<PreparedTape>& tapes, int width) {
  const int64_t in_a_block = int64_t{kGeneratedThreads} * width;
  for (const PreparedTape& tape : tapes) {
    parts_.push_back({GeneratedArguments(tape), int64_t{blocks_}, tape.inputs, tape.outputs});
    const int64_t blocks = (tape.count + in_a_block - 1) / in_a_block;
    blocks_ += static_cast<unsigned>(std::clamp<int64_t>(blocks, 1, kMostBlocksOfPart));
  }
}

void GroupArguments::write(const void* const* inputs, void* const* outputs, std::byte* to) const {
  const size_t size = parts_[0].arguments.size();
  KernelParameter::write_number(0, std::ssize(parts_), to);
  KernelParameter::write_number(1, int64_t{blocks_}, to);
  std::byte* const arguments = to + kGroupHeader + most_parts(size) * sizeof(int64_t);
  for (size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    KernelParameter::write_number(2 + i, part.first_block, to);
    part.arguments.write(inputs, outputs, arguments + i * size);
    inputs += part.inputs;
    outputs += part.outputs;
  }
}

}  // namespace tenon::cuda

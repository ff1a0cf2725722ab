#include "cuda/generated_source.h"

#include <cctype>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "core/base/strings.h"

namespace tenon::cuda {
namespace {

using internal::Primitive;
using internal::str;

// Programs beyond this are computed element by element: registers are few.
constexpr size_t kMostStepsAbreast = 96, kMostInputsAbreast = 12;
constexpr int kWidth = 4;

std::string_view type_of(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "float";
    case DType::float64:
      return "double";
    case DType::float16:
      return "Half";
    case DType::bfloat16:
      return "Bfloat16";
    case DType::int8:
      return "int8_t";
    case DType::uint8:
      return "uint8_t";
    case DType::int16:
      return "int16_t";
    case DType::uint16:
      return "uint16_t";
    case DType::int32:
      return "int32_t";
    case DType::int64:
      return "int64_t";
    default:
      return "bool";
  }
}

std::string_view type_of(Arithmetic arithmetic) {
  switch (arithmetic) {
    case Arithmetic::kFloat:
      return "float";
    case Arithmetic::kInt:
      return "int32_t";
    case Arithmetic::kDouble:
      return "double";
    case Arithmetic::kLong:
      return "int64_t";
  }
  return "";
}

// "squared_difference" is computed by SquaredDifference.
std::string functor_of(Primitive primitive) {
  std::string name;
  bool upper = true;
  for (const char letter : internal::to_string(primitive)) {
    if (letter != '_') {
      name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(letter))) : letter;
    }
    upper = letter == '_';
  }
  return name;
}

class SourceWriter {
 public:
  explicit SourceWriter(const PreparedTape& tape)
      : tape_(tape), values_(static_cast<size_t>(tape.slots)) {}

  GeneratedSource write() {
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
                        "  for (int k = 0; k < kWidth; ++k) {\n", body_, "  }\n", stores_,
                        "}\n\nextern \"C\" __global__ void __launch_bounds__(", kGeneratedThreads,
                        ")\n", "run(const __grid_constant__ Arguments p) {\n  for_each<", width,
                        ">(p.count, p.aligned != 0, [&](auto width, int64_t first) {\n",
                        "    compute<decltype(width)::value>(p, first);\n  });\n}\n"),
            .width = width};
  }

 private:
  std::string arguments() const {
    std::string fields = "  int64_t count, aligned;\n";
    const auto add = [&](std::string_view type, std::string_view name, size_t count) {
      if (count > 0) fields += str("  ", type, " ", name, "[", count, "];\n");
    };
    add("const void*", "inputs", tape_.inputs);
    add("void*", "outputs", tape_.outputs);
    add("uint64_t", "constants", tape_.constants.size());
    add("tenon::cuda::Offsets", "offsets", tape_.offsets.size());
    return "struct Arguments {\n" + fields + "};\n\n";
  }

  // An operand of an instruction that computes with `arithmetic`.
  std::string operand(uint16_t operand, Arithmetic arithmetic) const {
    if ((operand & kConstant) == 0) return values_[operand];
    return str("number<", type_of(arithmetic), ">(p.constants[", operand & 0x7fff, "])");
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
    const std::string value = expression(step);
    body_ += str("    const auto ", name_value(step.out), " = ", value, ";\n");
  }

  std::string expression(const TapeStep& step) const {
    if (step.primitive == Primitive::kSelect) {
      const Arithmetic chosen = arithmetic_of(step.dtype);
      return str(operand(step.a, Arithmetic::kInt), " != 0 ? ", operand(step.b, chosen), " : ",
                 operand(step.c, chosen));
    }
    const std::string a = operand(step.a, step.arithmetic);
    if (step.primitive == Primitive::kCast) {
      return str("word(scalar::cast<", type_of(step.dtype), ">(", a, "))");
    }
    const std::string arguments = internal::operand_count(step.primitive) == 1
                                      ? a
                                      : str(a, ", ", operand(step.b, step.arithmetic));
    return str("narrowed<", type_of(step.dtype), ">(scalar::", functor_of(step.primitive), "()(",
               arguments, "))");
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

template <typename T>
void append(std::vector<std::byte>& bytes, const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8 && sizeof(T) % 8 == 0);
  const size_t at = bytes.size();
  bytes.resize(at + sizeof value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

}  // namespace

GeneratedSource generated_source(const PreparedTape& tape) { return SourceWriter(tape).write(); }

GeneratedArguments::GeneratedArguments(const PreparedTape& tape)
    : inputs_(tape.inputs), outputs_(tape.outputs), whole_(tape.inputs, false) {
  append(bytes_, tape.count);
  append(bytes_, int64_t{0});
  for (size_t i = 0; i < inputs_ + outputs_; ++i) append(bytes_, static_cast<const void*>(nullptr));
  for (const uint64_t constant : tape.constants) append(bytes_, constant);
  for (const Offsets& offsets : tape.offsets) append(bytes_, offsets);
  for (const TapeStep& step : tape.steps) {
    if (step.op == TapeOp::kLoad && step.b == 0) whole_[step.a] = true;
  }
}

void GeneratedArguments::write(const void* const* inputs, void* const* outputs, Bytes& to) const {
  constexpr size_t kWord = sizeof(int64_t), kPointer = sizeof(void*);
  std::memcpy(to.data(), bytes_.data(), bytes_.size());
  uintptr_t bits = 0;
  for (size_t i = 0; i < inputs_; ++i) {
    if (whole_[i]) bits |= reinterpret_cast<uintptr_t>(inputs[i]);
  }
  for (size_t i = 0; i < outputs_; ++i) bits |= reinterpret_cast<uintptr_t>(outputs[i]);
  const int64_t aligned = bits % 16 == 0 ? 1 : 0;
  std::memcpy(to.data() + kWord, &aligned, kWord);
  std::memcpy(to.data() + 2 * kWord, inputs, inputs_ * kPointer);
  std::memcpy(to.data() + 2 * kWord + inputs_ * kPointer, outputs, outputs_ * kPointer);
}

}  // namespace tenon::cuda

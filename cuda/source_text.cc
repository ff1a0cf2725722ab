#include "cuda/source_text.h"

#include <cctype>

#include "core/base/strings.h"

namespace tenon::cuda {

using internal::Primitive;
using internal::str;

namespace {

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

}  // namespace

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
    case DType::uint32:
      return "uint32_t";
    case DType::int64:
      return "int64_t";
    case DType::uint64:
      return "uint64_t";
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
    case Arithmetic::kUnsigned:
      return "uint32_t";
    case Arithmetic::kDouble:
      return "double";
    case Arithmetic::kLong:
      return "int64_t";
    case Arithmetic::kUnsignedLong:
      return "uint64_t";
  }
  return "";
}

std::string constant_text(size_t constant, Arithmetic arithmetic) {
  return str("number<", type_of(arithmetic), ">(p.constants[", constant, "])");
}

std::string primitive_text(Primitive primitive, Arithmetic arithmetic, DType result,
                           const std::function<std::string(int, Arithmetic)>& operand) {
  if (primitive == Primitive::kSelect) {
    const Arithmetic chosen = arithmetic_of(result);
    return str(operand(0, Arithmetic::kInt), " != 0 ? ", operand(1, chosen), " : ",
               operand(2, chosen));
  }
  const std::string a = operand(0, arithmetic);
  if (primitive == Primitive::kCast) {
    return str("word(scalar::cast<", type_of(result), ">(", a, "))");
  }
  const std::string arguments =
      internal::operand_count(primitive) == 1 ? a : str(a, ", ", operand(1, arithmetic));
  return str("narrowed<", type_of(result), ">(scalar::", functor_of(primitive), "()(", arguments,
             "))");
}

std::string parameter_text(const ParameterFields& fields) {
  std::string text = str("struct Arguments {\n  int64_t ", fields.numbers, ";\n");
  const auto add = [&](std::string_view type, std::string_view name, size_t count) {
    if (count > 0) text += str("  ", type, " ", name, "[", count, "];\n");
  };
  add("const void*", "inputs", fields.inputs);
  add("void*", "outputs", fields.outputs);
  add("uint64_t", "constants", fields.constants);
  add("tenon::cuda::Offsets", "offsets", fields.offsets);
  return text + "};\n\n";
}

}  // namespace tenon::cuda

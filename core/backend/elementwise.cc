#include "core/backend/elementwise.h"

#include <array>
#include <bit>
#include <locale>
#include <map>
#include <sstream>
#include <tuple>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "tenon/error.h"

namespace tenon::internal {
namespace {

struct Row {
  std::string_view name;
  int operands;
};

constexpr std::array<Row, 52> kRows = {{
    {"negate", 1},     {"abs", 1},
    {"sign", 1},       {"sqrt", 1},
    {"rsqrt", 1},      {"reciprocal", 1},
    {"exp", 1},        {"expm1", 1},
    {"log", 1},        {"log1p", 1},
    {"tanh", 1},       {"sigmoid", 1},
    {"erf", 1},        {"erfc", 1},
    {"erfinv", 1},     {"ndtri", 1},
    {"lgamma", 1},     {"digamma", 1},
    {"sin", 1},        {"cos", 1},
    {"floor", 1},      {"ceil", 1},
    {"round", 1},      {"is_finite", 1},
    {"is_nan", 1},     {"not", 1},
    {"cast", 1},       {"add", 2},
    {"subtract", 2},   {"multiply", 2},
    {"divide", 2},     {"floor_divide", 2},
    {"floor_mod", 2},  {"truncate_mod", 2},
    {"maximum", 2},    {"minimum", 2},
    {"power", 2},      {"squared_difference", 2},
    {"zeta", 2},       {"bitwise_and", 2},
    {"bitwise_or", 2}, {"bitwise_xor", 2},
    {"left_shift", 2}, {"right_shift", 2},
    {"equal", 2},      {"not_equal", 2},
    {"less", 2},       {"less_equal", 2},
    {"greater", 2},    {"greater_equal", 2},
    {"and", 2},        {"or", 2},
}};

const Row& row_of(Primitive primitive) {
  static constexpr Row kSelectRow = {"select", 3};
  return primitive == Primitive::kSelect ? kSelectRow : kRows[static_cast<size_t>(primitive)];
}

bool answers_bool(Primitive primitive) {
  switch (primitive) {
    case Primitive::kIsFinite:
    case Primitive::kIsNan:
    case Primitive::kLogicalNot:
    case Primitive::kEqual:
    case Primitive::kNotEqual:
    case Primitive::kLess:
    case Primitive::kLessEqual:
    case Primitive::kGreater:
    case Primitive::kGreaterEqual:
    case Primitive::kLogicalAnd:
    case Primitive::kLogicalOr:
      return true;
    default:
      return false;
  }
}

void require_operands(Primitive primitive, int operands) {
  require<ValueError>(operand_count(primitive) == operands, ErrorKind::bad_argument, "Primitive ",
                      to_string(primitive), " takes ", operand_count(primitive), " operands, not ",
                      operands);
}

void require_same(Primitive primitive, DType a, DType b) {
  require<TypeError>(a == b, ErrorKind::dtype_incompatible, "Operands of ", to_string(primitive),
                     " have dtypes ", a, " and ", b, "; cast one of them first");
}

}  // namespace

static_assert(static_cast<size_t>(Primitive::kSelect) == kRows.size());

int operand_count(Primitive primitive) noexcept { return row_of(primitive).operands; }

std::string_view to_string(Primitive primitive) noexcept { return row_of(primitive).name; }

DType ElementwiseProgram::dtype_of_value(int value) const {
  auto index = static_cast<size_t>(value);
  if (index < inputs.size()) return inputs[index];
  index -= inputs.size();
  if (index < constants.size()) return constants[index].dtype;
  return instructions[index - constants.size()].dtype;
}

std::string ElementwiseProgram::to_string() const {
  const auto constants_from = static_cast<int>(inputs.size());
  const auto instructions_from = constants_from + static_cast<int>(constants.size());
  const auto name = [&](int value) {
    if (value < constants_from) return str("in", value);
    if (value >= instructions_from) return str("v", value - instructions_from);
    const Constant& constant = constants[static_cast<size_t>(value - constants_from)];
    return is_floating(constant.dtype) ? str(constant.number) : str(constant.integer);
  };
  std::ostringstream text;
  text.imbue(std::locale::classic());
  for (size_t i = 0; i < instructions.size(); ++i) {
    const Instruction& instruction = instructions[i];
    text << 'v' << i << " = " << internal::to_string(instruction.primitive);
    if (instruction.primitive == Primitive::kCast) text << '<' << instruction.dtype << '>';
    text << '(' << name(instruction.a);
    if (instruction.b >= 0) text << ", " << name(instruction.b);
    if (instruction.c >= 0) text << ", " << name(instruction.c);
    text << "); ";
  }
  text << "return ";
  for (size_t i = 0; i < outputs.size(); ++i) text << (i == 0 ? "" : ", ") << name(outputs[i]);
  return text.str();
}

ElementwiseBuilder::Value ElementwiseBuilder::append(Entry entry) {
  entries_.push_back(entry);
  return static_cast<Value>(entries_.size()) - 1;
}

ElementwiseBuilder::Value ElementwiseBuilder::input(DType dtype) {
  return append({.kind = Entry::Kind::kInput, .dtype = dtype});
}

ElementwiseBuilder::Value ElementwiseBuilder::constant(DType dtype, double number) {
  return append({.kind = Entry::Kind::kConstant, .dtype = dtype, .number = number});
}

ElementwiseBuilder::Value ElementwiseBuilder::unary(Primitive primitive, Value a) {
  require_operands(primitive, 1);
  require<ValueError>(primitive != Primitive::kCast, ErrorKind::bad_argument,
                      "A cast is made by ElementwiseBuilder::cast");
  return append({.kind = Entry::Kind::kInstruction,
                 .dtype = answers_bool(primitive) ? DType::bool_ : dtype(a),
                 .primitive = primitive,
                 .a = a});
}

ElementwiseBuilder::Value ElementwiseBuilder::binary(Primitive primitive, Value a, Value b) {
  require_operands(primitive, 2);
  require_same(primitive, dtype(a), dtype(b));
  return append({.kind = Entry::Kind::kInstruction,
                 .dtype = answers_bool(primitive) ? DType::bool_ : dtype(a),
                 .primitive = primitive,
                 .a = a,
                 .b = b});
}

ElementwiseBuilder::Value ElementwiseBuilder::select(Value condition, Value a, Value b) {
  require<TypeError>(dtype(condition) == DType::bool_, ErrorKind::dtype_incompatible,
                     "The condition of select has dtype ", dtype(condition), ", not bool");
  require_same(Primitive::kSelect, dtype(a), dtype(b));
  return append({.kind = Entry::Kind::kInstruction,
                 .dtype = dtype(a),
                 .primitive = Primitive::kSelect,
                 .a = condition,
                 .b = a,
                 .c = b});
}

ElementwiseBuilder::Value ElementwiseBuilder::cast(Value a, DType to) {
  if (dtype(a) == to) return a;
  return append(
      {.kind = Entry::Kind::kInstruction, .dtype = to, .primitive = Primitive::kCast, .a = a});
}

DType ElementwiseBuilder::dtype(Value value) const {
  require<ValueError>(value >= 0 && value < static_cast<Value>(entries_.size()),
                      ErrorKind::bad_argument, "Value ", value, " isn't of this builder");
  return entries_[static_cast<size_t>(value)].dtype;
}

namespace {

ElementwiseProgram::Constant make_constant(DType dtype, double number) {
  if (is_floating(dtype)) return {.dtype = dtype, .number = number, .integer = 0};
  if (dtype == DType::bool_) return {.dtype = dtype, .number = 0, .integer = number != 0};
  constexpr double kTwoTo63 = 9223372036854775808.0;
  const int64_t integer = number >= kTwoTo63    ? INT64_MAX
                          : number >= -kTwoTo63 ? static_cast<int64_t>(number)
                                                : INT64_MIN;
  return {.dtype = dtype, .number = 0, .integer = integer};
}

}  // namespace

ElementwiseProgram ElementwiseBuilder::finish(const std::vector<Value>& outputs) const {
  using Kind = Entry::Kind;
  std::vector<bool> needed(entries_.size(), false);
  for (const Value output : outputs) {
    dtype(output);
    needed[static_cast<size_t>(output)] = true;
  }
  for (size_t i = entries_.size(); i-- > 0;) {
    if (!needed[i]) continue;
    for (const Value operand : {entries_[i].a, entries_[i].b, entries_[i].c}) {
      if (operand >= 0) needed[static_cast<size_t>(operand)] = true;
    }
  }

  ElementwiseProgram program;
  std::vector<int> number(entries_.size(), -1);
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].kind != Kind::kInput) continue;
    number[i] = static_cast<int>(program.inputs.size());
    program.inputs.push_back(entries_[i].dtype);
  }
  std::map<std::pair<DType, uint64_t>, int> constants;  // by bits: 0.0 and -0.0 differ
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].kind != Kind::kConstant || !needed[i]) continue;
    const auto next = static_cast<int>(program.inputs.size() + program.constants.size());
    const auto [at, added] = constants.emplace(
        std::make_pair(entries_[i].dtype, std::bit_cast<uint64_t>(entries_[i].number)), next);
    if (added) program.constants.push_back(make_constant(entries_[i].dtype, entries_[i].number));
    number[i] = at->second;
  }
  std::map<std::tuple<Primitive, DType, int, int, int>, int> instructions;
  const auto operand = [&](Value value) {
    return value < 0 ? -1 : number[static_cast<size_t>(value)];
  };
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.kind != Kind::kInstruction || !needed[i]) continue;
    const Value typed = entry.primitive == Primitive::kSelect ? entry.b : entry.a;
    const ElementwiseProgram::Instruction instruction = {
        .primitive = entry.primitive,
        .operand_dtype = dtype(typed),
        .dtype = entry.dtype,
        .a = operand(entry.a),
        .b = operand(entry.b),
        .c = operand(entry.c),
    };
    const auto [at, added] = instructions.emplace(
        std::make_tuple(entry.primitive, entry.dtype, instruction.a, instruction.b, instruction.c),
        program.value_count());
    if (added) program.instructions.push_back(instruction);
    number[i] = at->second;
  }
  for (const Value output : outputs) program.outputs.push_back(operand(output));
  return program;
}

}  // namespace tenon::internal

// Operations on the bits of integers.
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "tenon/bitwise.h"

namespace tenon {
namespace internal {
namespace {

const std::vector<DType> kIntegers = {int8, int16, int32, int64, uint8, uint16, uint32, uint64};

Values lower_invert(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.binary(Primitive::kBitwiseXor, in[0], b.constant_like(in[0], -1))};
}

// As TensorFlow's: by no fewer bits than none, and no more than all but one.
template <Primitive P>
Values lower_shift(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const double most = 8.0 * static_cast<double>(size_of(b.dtype(in[0]))) - 1;
  const Value bits =
      b.binary(Primitive::kMinimum, b.binary(Primitive::kMaximum, in[1], b.constant_like(in[1], 0)),
               b.constant_like(in[1], most));
  return {b.binary(P, in[0], bits)};
}

// How many bits of a byte are set: those of pairs, of fours, of all.
Value bits_of_byte(ElementwiseBuilder& b, Value byte) {
  const auto number = [&](double value) { return b.constant_like(byte, value); };
  const auto both = [&](Value x, double mask) {
    return b.binary(Primitive::kBitwiseAnd, x, number(mask));
  };
  const auto shifted = [&](Value x, double by) {
    return b.binary(Primitive::kRightShift, x, number(by));
  };
  Value count = b.subtract(byte, both(shifted(byte, 1), 0x55));
  count = b.add(both(count, 0x33), both(shifted(count, 2), 0x33));
  return both(b.add(count, shifted(count, 4)), 0x0f);
}

Values lower_population_count(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  const size_t bytes = size_of(b.dtype(in[0]));
  Value count = bits_of_byte(b, b.cast(in[0], uint8));
  for (size_t i = 1; i < bytes; ++i) {
    const Value by = b.constant_like(in[0], 8.0 * static_cast<double>(i));
    const Value byte = b.cast(b.binary(Primitive::kRightShift, in[0], by), uint8);
    count = b.add(count, bits_of_byte(b, byte));
  }
  return {count};
}

}  // namespace

void register_math_bitwise(OpRegistry& ops) {
  const struct {
    const char* name;
    ElementwiseFunction lowering;
  } rows[] = {
      {"BitwiseAnd", lower_binary<Primitive::kBitwiseAnd>},
      {"BitwiseOr", lower_binary<Primitive::kBitwiseOr>},
      {"BitwiseXor", lower_binary<Primitive::kBitwiseXor>},
      {"LeftShift", lower_shift<Primitive::kLeftShift>},
      {"RightShift", lower_shift<Primitive::kRightShift>},
  };
  for (const auto& row : rows) {
    OpDef def = broadcasting_op(row.name, {"x", "y"}, kIntegers, row.lowering, nullptr);
    def.differentiable = false;
    ops.add(std::move(def));
  }
  OpDef invert = elementwise_op("Invert", {"x"}, kIntegers, lower_invert, nullptr);
  invert.differentiable = false;
  ops.add(std::move(invert));
  OpDef count =
      elementwise_op("PopulationCount", {"x"}, kIntegers, lower_population_count, nullptr);
  count.outputs = {"y: uint8"};
  count.differentiable = false;
  ops.add(std::move(count));
}

}  // namespace internal

namespace bitwise {

using internal::add_output;

Output bitwise_and(Input x, Input y, const OpOptions& options) {
  return add_output("BitwiseAnd", {x, y}, {.name = options.name});
}
Output bitwise_or(Input x, Input y, const OpOptions& options) {
  return add_output("BitwiseOr", {x, y}, {.name = options.name});
}
Output bitwise_xor(Input x, Input y, const OpOptions& options) {
  return add_output("BitwiseXor", {x, y}, {.name = options.name});
}
Output left_shift(Input x, Input y, const OpOptions& options) {
  return add_output("LeftShift", {x, y}, {.name = options.name});
}
Output right_shift(Input x, Input y, const OpOptions& options) {
  return add_output("RightShift", {x, y}, {.name = options.name});
}
Output invert(Input x, const OpOptions& options) {
  return add_output("Invert", {x}, {.name = options.name});
}
Output population_count(Input x, const OpOptions& options) {
  return add_output("PopulationCount", {x}, {.name = options.name});
}

}  // namespace bitwise
}  // namespace tenon

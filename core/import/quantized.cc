#include "core/import/quantized.h"

#include <cmath>

#include "core/base/check.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"

namespace tenon::internal {

std::vector<Output> fake_quant_of(const ExpandedNode& node) {
  const Output x = node.inputs[0];
  const NameScope scope = name_scope(node.name);
  const auto end_of_range = [&](size_t input, const char* attr, double otherwise) {
    if (node.inputs.size() > input) return node.inputs[input];
    return constant(static_cast<float>(node.attrs.get_or<double>(attr, otherwise)));
  };
  const Output min = end_of_range(1, "min", -6), max = end_of_range(2, "max", 6);
  const auto bits = node.attrs.get_or<int64_t>("num_bits", 8);
  require<ValueError>(bits >= 2 && bits <= 16, ErrorKind::bad_argument, "Node '", node.name,
                      "': num_bits must be from 2 to 16, not ", bits);
  const float first = node.attrs.get_or<bool>("narrow_range", false) ? 1.0F : 0.0F;
  const auto last = static_cast<float>((int64_t{1} << bits) - 1);
  // The range is moved so that zero is one of its steps.
  const Output step = stop_gradient(max - min) / (last - first);
  // An empty range has one step, which is zero.
  const Output divisor = where(equal(step, 0.0F), ones_like(step), step);
  const Output zero_at = first - stop_gradient(min) / divisor;
  const Output nearest = minimum(maximum(floor(zero_at + 0.5F), first), last);
  const Output low = (first - nearest) * step, high = (last - nearest) * step;
  const Output inside =
      maximum(minimum(x, max + stop_gradient(high - max)), min + stop_gradient(low - min));
  const Output zero = floor(0.5F - low / divisor);
  const Output rounded = floor((inside - low) / divisor - zero + 0.5F) * step;
  return {add(inside, stop_gradient(rounded - inside), {.name = node.name})};
}

std::vector<Output> dequantize_of(const ExpandedNode& node) {
  const Output x = node.inputs[0];
  const NameScope scope = name_scope(node.name);
  const auto mode = node.attrs.get_or<std::string>("mode", "MIN_COMBINED");
  require<UnimplementedError>(node.attrs.get_or<int64_t>("axis", -1) == -1, ErrorKind::no_kernel,
                              "Node '", node.name, "': Dequantize along an axis");
  const Output low = node.inputs[1], high = node.inputs[2], number = cast(x, float32);
  const bool is_signed = x.dtype() == int8 || x.dtype() == int16 || x.dtype() == int32;
  const double count = std::ldexp(1.0, static_cast<int>(8 * size_of(x.dtype())));
  const double least = is_signed ? -count / 2 : 0, most = least + count - 1;
  if (mode == "SCALED") {
    const Output widest = maximum(abs(low), abs(high));
    return {multiply(number, widest / static_cast<float>(most), {.name = node.name})};
  }
  const Output step = (high - low) / static_cast<float>(count - 1);
  const auto shift = static_cast<float>(-least);
  return {add((number + shift) * step, low, {.name = node.name})};
}

}  // namespace tenon::internal

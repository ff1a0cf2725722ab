#include "tools/tensor_values.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "core/tensor/half.h"

namespace tenon::tool {

namespace {

template <typename Stored, typename Number = Stored>
void visit(const Tensor& tensor, const std::function<void(double)>& use) {
  const auto* elements = static_cast<const Stored*>(tensor.raw());
  for (int64_t i = 0; i < tensor.element_count(); ++i) {
    use(static_cast<double>(static_cast<Number>(elements[i])));
  }
}

}  // namespace

void for_each_number(const Tensor& tensor, const std::function<void(double)>& use) {
  switch (tensor.dtype()) {
    case DType::float32:
      return visit<float>(tensor, use);
    case DType::float64:
      return visit<double>(tensor, use);
    case DType::float16:
      return visit<internal::Half, float>(tensor, use);
    case DType::bfloat16:
      return visit<internal::Bfloat16, float>(tensor, use);
    case DType::int8:
      return visit<int8_t>(tensor, use);
    case DType::uint8:
      return visit<uint8_t>(tensor, use);
    case DType::int16:
      return visit<int16_t>(tensor, use);
    case DType::uint16:
      return visit<uint16_t>(tensor, use);
    case DType::int32:
      return visit<int32_t>(tensor, use);
    case DType::uint32:
      return visit<uint32_t>(tensor, use);
    case DType::int64:
      return visit<int64_t>(tensor, use);
    case DType::uint64:
      return visit<uint64_t>(tensor, use);
    case DType::bool_:
      return visit<bool>(tensor, use);
    default:
      return;
  }
}

Statistics statistics_of(const Tensor& tensor) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Statistics statistics{.min = kInfinity, .max = -kInfinity};
  double sum = 0, squares = 0;
  for_each_number(tensor, [&](double x) {
    ++statistics.count;
    if (x < statistics.min) statistics.min = x;
    if (x > statistics.max) statistics.max = x;
    sum += x;
    squares += x * x;
  });
  statistics.mean = sum / static_cast<double>(statistics.count);
  statistics.l2 = std::sqrt(squares);
  return statistics;
}

uint64_t value_bytes(const Tensor& tensor) {
  if (tensor.dtype() != DType::string) return tensor.bytes();
  uint64_t bytes = 0;
  for (const std::string& text : tensor.data<std::string>()) bytes += text.size();
  return bytes;
}

}  // namespace tenon::tool

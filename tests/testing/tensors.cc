#include "tests/testing/tensors.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "core/tensor/half.h"

namespace tenon::test {

namespace {

template <typename T>
std::vector<double> read_as(const Tensor& tensor) {
  std::vector<double> numbers;
  const auto* elements = static_cast<const T*>(tensor.raw());
  for (int64_t i = 0; i < tensor.element_count(); ++i) {
    if constexpr (std::is_arithmetic_v<T>) {
      numbers.push_back(static_cast<double>(elements[i]));
    } else {
      numbers.push_back(static_cast<double>(static_cast<float>(elements[i])));
    }
  }
  return numbers;
}

}  // namespace

const std::vector<DType>& all_dtypes() {
  static const std::vector<DType> dtypes = {float32, float64, float16, bfloat16, int8,  uint8,
                                            int16,   uint16,  int32,   int64,    bool_, string};
  return dtypes;
}

Tensor some_tensor(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  if (dtype == DType::string) {
    size_t i = 0;
    for (std::string& text : tensor.mutable_data<std::string>()) {
      text.assign(i * 37 % 300, static_cast<char>('a' + i % 26));
      ++i;
    }
  } else if (dtype == DType::bool_) {
    size_t i = 0;
    for (bool& value : tensor.mutable_data<bool>()) value = i++ % 3 == 0;
  } else {
    auto* bytes = static_cast<unsigned char*>(tensor.raw());
    for (size_t i = 0; i < tensor.bytes(); ++i)
      bytes[i] = static_cast<unsigned char>(i * 7 + i / 256);
  }
  return tensor;
}

std::vector<double> numbers_of(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::float32:
      return read_as<float>(tensor);
    case DType::float64:
      return read_as<double>(tensor);
    case DType::float16:
      return read_as<internal::Half>(tensor);
    case DType::bfloat16:
      return read_as<internal::Bfloat16>(tensor);
    case DType::int8:
      return read_as<int8_t>(tensor);
    case DType::uint8:
      return read_as<uint8_t>(tensor);
    case DType::int16:
      return read_as<int16_t>(tensor);
    case DType::uint16:
      return read_as<uint16_t>(tensor);
    case DType::int32:
      return read_as<int32_t>(tensor);
    case DType::int64:
      return read_as<int64_t>(tensor);
    default:
      return read_as<bool>(tensor);
  }
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() == DType::string) {
    const auto x = a.data<std::string>(), y = b.data<std::string>();
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  }
  return a.bytes() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

}  // namespace tenon::test

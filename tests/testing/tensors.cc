#include "tests/testing/tensors.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/tensor/element_types.h"

namespace tenon::test {

const std::vector<DType>& all_dtypes() {
  static const std::vector<DType> dtypes = {float32, float64, float16, bfloat16, int8,
                                            uint8,   int16,   uint16,  int32,    uint32,
                                            int64,   uint64,  bool_,   string};
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
  std::vector<double> numbers;
  internal::with_element_type(tensor.dtype(), [&]<typename T>(const T&) {
    const auto* elements = static_cast<const T*>(tensor.raw());
    for (int64_t i = 0; i < tensor.element_count(); ++i) {
      if constexpr (std::is_arithmetic_v<T>) {
        numbers.push_back(static_cast<double>(elements[i]));
      } else if constexpr (!std::is_same_v<T, std::string>) {  // of half precision
        numbers.push_back(static_cast<double>(static_cast<float>(elements[i])));
      }
    }
  });
  return numbers;
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

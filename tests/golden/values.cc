#include "tests/golden/values.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/golden/mistake.h"

namespace replay {

namespace {

using tenon::DType;
using tenon::Shape;
using tenon::Tensor;

constexpr int64_t kLargestListed = 64;

float half_to_float(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  const float sign = (bits & 0x8000) != 0 ? -1.0f : 1.0f;
  if (exponent == 31) {
    return fraction != 0 ? std::numeric_limits<float>::quiet_NaN()
                         : sign * std::numeric_limits<float>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

// Rounds to the nearest, ties to even.
uint16_t half_from_double(double value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::fabs(value);
  if (std::isnan(value)) return 0x7e00;
  if (size >= 65520.0) return sign | 0x7c00;
  int exponent = 0;
  std::frexp(size, &exponent);
  const int unit = std::max(exponent - 11, -24);  // the exponent of the last bit
  const double units = std::nearbyint(std::ldexp(size, -unit));
  const double rounded = std::ldexp(units, unit);
  if (rounded < std::ldexp(1.0, -14)) return sign | static_cast<uint16_t>(units);
  std::frexp(rounded, &exponent);
  const auto fraction = static_cast<uint16_t>(std::ldexp(rounded, 11 - exponent));
  return sign | static_cast<uint16_t>((exponent + 14) << 10) | (fraction & 1023);
}

// Calls `with(T{})` for the C++ type of the dtype's elements; float16 and the rest are the
// caller's.
template <typename With>
bool with_element(DType dtype, With&& with) {
  switch (dtype) {
    case DType::float32:
      with(float{});
      return true;
    case DType::float64:
      with(double{});
      return true;
    case DType::int8:
      with(int8_t{});
      return true;
    case DType::uint8:
      with(uint8_t{});
      return true;
    case DType::int16:
      with(int16_t{});
      return true;
    case DType::uint16:
      with(uint16_t{});
      return true;
    case DType::int32:
      with(int32_t{});
      return true;
    case DType::uint32:
      with(uint32_t{});
      return true;
    case DType::int64:
      with(int64_t{});
      return true;
    case DType::uint64:
      with(uint64_t{});
      return true;
    case DType::bool_:
      with(bool{});
      return true;
    default:
      return false;
  }
}

void collect(const Json& value, size_t depth, std::vector<int64_t>& sizes,
             std::vector<const Json*>& leaves) {
  if (!value.is_array()) {
    leaves.push_back(&value);
    return;
  }
  if (sizes.size() == depth) sizes.push_back(static_cast<int64_t>(value.size()));
  for (const Json& item : value) collect(item, depth + 1, sizes, leaves);
}

// As an element of type T, cut off towards zero; not every number has one.
template <typename T>
T element_of(double value) {
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    constexpr double kLowest = std::numeric_limits<T>::lowest();
    const double beyond = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (!(value > kLowest - 1 || value == kLowest) || !(value < beyond)) {
      throw not_a_program("an integer can't be " + std::to_string(value));
    }
  }
  return static_cast<T>(value);
}

void store(Tensor& tensor, size_t index, const Json& leaf) {
  const DType dtype = tensor.dtype();
  if (dtype == DType::string) {
    tensor.mutable_data<std::string>()[index] = leaf.get<std::string>();
  } else if (dtype == DType::float16) {
    static_cast<uint16_t*>(tensor.raw())[index] = half_from_double(number(leaf));
  } else {
    with_element(dtype, [&](auto element) {
      using T = decltype(element);
      tensor.mutable_data<T>()[index] = leaf.is_number_integer()
                                            ? static_cast<T>(leaf.get<int64_t>())
                                            : element_of<T>(number(leaf));
    });
  }
}

Tensor filled(const std::vector<const Json*>& leaves, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  if (static_cast<size_t>(tensor.element_count()) != leaves.size()) {
    throw not_a_program("a value has " + std::to_string(leaves.size()) +
                        " elements, and another count by its shape");
  }
  for (size_t i = 0; i < leaves.size(); ++i) store(tensor, i, *leaves[i]);
  return tensor;
}

DType wide_dtype(const std::vector<const Json*>& leaves) {
  DType dtype = leaves.empty() ? DType::float64 : DType::bool_;
  for (const Json* leaf : leaves) {
    if (leaf->is_number_integer()) {
      if (dtype == DType::bool_) dtype = DType::int64;
    } else if (is_number(*leaf)) {
      dtype = DType::float64;
    } else if (leaf->is_string()) {
      return DType::string;
    }
  }
  return dtype;
}

Json float_answer(double value, bool short_form) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  if (!short_form) return value;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return std::strtod(text.data(), nullptr);
}

Json element_answer(const Tensor& value, size_t index) {
  const DType dtype = value.dtype();
  if (dtype == DType::string) return value.data<std::string>()[index];
  if (dtype == DType::float16) {
    return float_answer(half_to_float(static_cast<const uint16_t*>(value.raw())[index]), true);
  }
  if (dtype == DType::float32) return float_answer(value.data<float>()[index], true);
  if (dtype == DType::float64) return float_answer(value.data<double>()[index], false);
  if (dtype == DType::bool_) return value.data<bool>()[index];
  Json answer;
  with_element(dtype, [&](auto element) {
    answer = static_cast<int64_t>(value.data<decltype(element)>()[index]);
  });
  return answer;
}

Json nested_answer(const Tensor& value, int dimension, size_t& next) {
  if (dimension == value.shape().rank()) return element_answer(value, next++);
  Json list = Json::array();
  for (int64_t i = 0; i < value.shape()[dimension]; ++i) {
    list.push_back(nested_answer(value, dimension + 1, next));
  }
  return list;
}

double rounded(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return std::strtod(text.data(), nullptr);
}

}  // namespace

bool is_number(const Json& value) {
  if (value.is_number()) return true;
  return value.is_string() && (value == "nan" || value == "inf" || value == "-inf");
}

double number(const Json& value) {
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  return value.get<double>();
}

int64_t integer_from(const Json& value) {
  return value.is_number_float() ? element_of<int64_t>(number(value)) : value.get<int64_t>();
}

int count_from(const Json& value) { return element_of<int>(number(value)); }

std::vector<int64_t> integers_from(const Json& values) {
  if (!values.is_array()) throw not_a_program("integers are a list");
  std::vector<int64_t> integers;
  for (const Json& value : values) integers.push_back(integer_from(value));
  return integers;
}

bool is_typed_literal(const Json& value) {
  return value.is_object() && (value.contains("value") || value.contains("wave")) &&
         value.contains("dtype");
}

Tensor typed_literal(const Json& value) {
  const DType dtype = dtype_from(value.at("dtype"));
  if (value.contains("wave")) {
    const double start = number(value["wave"].at(0)), scale = number(value["wave"].at(1));
    Tensor wave(tenon::float64, shape_from(value.at("shape")));
    std::span<double> to = wave.mutable_data<double>();
    for (size_t i = 0; i < to.size(); ++i) {
      to[i] = std::sin(start + scale * static_cast<double>(i));
    }
    return converted(wave, dtype);
  }
  std::vector<int64_t> sizes;
  std::vector<const Json*> leaves;
  collect(value.at("value"), 0, sizes, leaves);
  return filled(leaves, dtype, value.contains("shape") ? shape_from(value["shape"]) : Shape(sizes));
}

Tensor plain_literal(const Json& value) {
  std::vector<int64_t> sizes;
  std::vector<const Json*> leaves;
  collect(value, 0, sizes, leaves);
  return filled(leaves, wide_dtype(leaves), Shape(sizes));
}

Tensor converted(const Tensor& value, DType dtype) {
  if (value.dtype() == dtype || value.dtype() == DType::string) return value;
  Tensor result(dtype, value.shape());
  const std::vector<double> numbers = as_doubles(value);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (dtype == DType::float16) {
      static_cast<uint16_t*>(result.raw())[i] = half_from_double(numbers[i]);
    } else {
      with_element(dtype, [&](auto element) {
        using T = decltype(element);
        result.mutable_data<T>()[i] = element_of<T>(numbers[i]);
      });
    }
  }
  return result;
}

std::vector<double> as_doubles(const Tensor& value) {
  std::vector<double> numbers(static_cast<size_t>(value.element_count()), 0.0);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (value.dtype() == DType::float16) {
      numbers[i] = half_to_float(static_cast<const uint16_t*>(value.raw())[i]);
    } else {
      with_element(value.dtype(), [&](auto element) {
        numbers[i] = static_cast<double>(value.data<decltype(element)>()[i]);
      });
    }
  }
  return numbers;
}

Shape shape_from(const Json& sizes) {
  if (sizes.is_null()) return Shape::unknown();
  Shape shape;
  for (const Json& size : sizes) {
    shape.push_back(size.is_null() ? tenon::kUnknown : integer_from(size));
  }
  return shape;
}

Json shape_answer(const Shape& shape) {
  if (!shape.has_rank()) return nullptr;
  Json sizes = Json::array();
  for (int64_t size : shape.sizes()) {
    if (size == tenon::kUnknown) {
      sizes.push_back(nullptr);
    } else {
      sizes.push_back(size);
    }
  }
  return sizes;
}

DType dtype_from(const Json& name) { return tenon::dtype_from_string(name.get<std::string>()); }

Json value_answer(const Tensor& value) {
  if (!value) return nullptr;
  Json answer = {{"dtype", std::string(tenon::to_string(value.dtype()))}};
  if (value.dtype() == DType::resource) return answer;
  answer["shape"] = shape_answer(value.shape());
  size_t next = 0;
  if (value.element_count() <= kLargestListed) {
    answer["data"] = nested_answer(value, 0, next);
    return answer;
  }
  double sum = 0.0, squares = 0.0;
  for (double x : as_doubles(value)) {
    sum += x;
    squares += x * x;
  }
  answer["mean"] = float_answer(sum / static_cast<double>(value.element_count()), false);
  answer["l2"] = float_answer(std::sqrt(squares), false);
  answer["sum"] = float_answer(sum, false);
  Json first = Json::array();
  for (size_t i = 0; i < 8; ++i) first.push_back(element_answer(value, i));
  answer["first8"] = first;
  return answer;
}

Json stats_answer(const Tensor& value, const Json& bounds) {
  const std::vector<double> numbers = as_doubles(value);
  const auto count = static_cast<double>(numbers.size());
  double sum = 0.0, squares = 0.0;
  for (double x : numbers) sum += x;
  const double mean = sum / count;
  for (double x : numbers) squares += (x - mean) * (x - mean);
  Json answer = {{"shape", shape_answer(value.shape())},
                 {"n", numbers.size()},
                 {"mean", rounded(mean)},
                 {"std", rounded(std::sqrt(squares / count))}};
  if (!bounds.is_null()) {
    const double low = number(bounds.at(0)), high = number(bounds.at(1));
    bool inside = true;
    for (double x : numbers) inside = inside && x >= low && x <= high;
    answer["in_bounds"] = inside;
  }
  return answer;
}

}  // namespace replay

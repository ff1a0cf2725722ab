// Values of golden programs: JSON to tensors, and tensors to the answers of FORMAT.md.
#pragma once

#include <tenon/tenon.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <type_traits>
#include <vector>

namespace replay {

using Json = nlohmann::json;

// A number, or one of "nan", "inf" and "-inf".
bool is_number(const Json& value);
double number(const Json& value);
// Integers; a number that no integer of that type can be is no program's.
int64_t integer_from(const Json& value);
int count_from(const Json& value);
std::vector<int64_t> integers_from(const Json& values);
template <typename T>
T integer_or(const Json& fields, const char* name, T otherwise) {
  if (!fields.contains(name)) return otherwise;
  if constexpr (std::is_same_v<T, int>) {
    return count_from(fields[name]);
  } else {
    return integer_from(fields[name]);
  }
}

// {"value", "dtype"[, "shape"]} or {"wave", "shape", "dtype"}.
bool is_typed_literal(const Json& value);
tenon::Tensor typed_literal(const Json& value);

// A bare number, boolean, string or nested list: integers are int64, floats float64, so that
// nothing is lost before it takes the dtype of its place.
tenon::Tensor plain_literal(const Json& value);

// `value` with its elements converted to `dtype` as NumPy's astype does; strings stay strings.
tenon::Tensor converted(const tenon::Tensor& value, tenon::DType dtype);

// The elements as double (strings and resources have none: zeros).
std::vector<double> as_doubles(const tenon::Tensor& value);

// null stands for an unknown size, and for the whole of an unknown rank.
tenon::Shape shape_from(const Json& sizes);
Json shape_answer(const tenon::Shape& shape);

tenon::DType dtype_from(const Json& name);

// A fetched value: listed up to 64 elements, a digest beyond; null for an empty tensor.
Json value_answer(const tenon::Tensor& value);

// What {"stats"} holds of run_stats; bounds may be null.
Json stats_answer(const tenon::Tensor& value, const Json& bounds);

}  // namespace replay

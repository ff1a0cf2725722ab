#include "tenon/dtype.h"

#include <array>
#include <ostream>
#include <utility>

#include "core/base/check.h"

namespace tenon {
namespace {

struct Row {
  DType dtype;
  std::string_view name;
  size_t size;
};

constexpr std::array<Row, 16> kRows = {{
    {DType::invalid, "invalid", 0},
    {DType::float32, "float32", 4},
    {DType::float64, "float64", 8},
    {DType::int32, "int32", 4},
    {DType::uint8, "uint8", 1},
    {DType::int16, "int16", 2},
    {DType::int8, "int8", 1},
    {DType::string, "string", sizeof(std::string)},
    {DType::int64, "int64", 8},
    {DType::bool_, "bool", 1},
    {DType::bfloat16, "bfloat16", 2},
    {DType::uint16, "uint16", 2},
    {DType::float16, "float16", 2},
    {DType::resource, "resource", 0},
    {DType::uint32, "uint32", 4},
    {DType::uint64, "uint64", 8},
}};

const Row& row_of(DType dtype) {
  for (const Row& row : kRows) {
    if (row.dtype == dtype) return row;
  }
  return kRows[0];
}

}  // namespace

size_t size_of(DType dtype) noexcept { return row_of(dtype).size; }

std::string_view to_string(DType dtype) noexcept { return row_of(dtype).name; }

DType dtype_from_string(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name && row.dtype != DType::invalid) return row.dtype;
  }
  internal::fail<TypeError>(ErrorKind::bad_argument, "Cannot convert value '", name,
                            "' to a dtype. Dtypes are float32, float64, int32, int64, bool, ...");
}

bool is_floating(DType dtype) noexcept {
  return dtype == float32 || dtype == float64 || dtype == float16 || dtype == bfloat16;
}

bool is_integer(DType dtype) noexcept {
  return dtype == int32 || dtype == int64 || dtype == int8 || dtype == uint8 || dtype == int16 ||
         dtype == uint16 || dtype == uint32 || dtype == uint64;
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << to_string(dtype); }

}  // namespace tenon

#include "core/io/dtype_numbers.h"

#include <array>
#include <string>
#include <string_view>

#include "core/base/strings.h"

namespace tenon::internal {

namespace {

struct NumberedDType {
  int32_t number;
  std::string_view name, enum_name;
};

constexpr std::array<NumberedDType, 24> kNumberedDTypes = {{
    {1, "float32", "DT_FLOAT"},    {2, "float64", "DT_DOUBLE"},
    {3, "int32", "DT_INT32"},      {4, "uint8", "DT_UINT8"},
    {5, "int16", "DT_INT16"},      {6, "int8", "DT_INT8"},
    {7, "string", "DT_STRING"},    {8, "complex64", "DT_COMPLEX64"},
    {9, "int64", "DT_INT64"},      {10, "bool", "DT_BOOL"},
    {11, "qint8", "DT_QINT8"},     {12, "quint8", "DT_QUINT8"},
    {13, "qint32", "DT_QINT32"},   {14, "bfloat16", "DT_BFLOAT16"},
    {15, "qint16", "DT_QINT16"},   {16, "quint16", "DT_QUINT16"},
    {17, "uint16", "DT_UINT16"},   {18, "complex128", "DT_COMPLEX128"},
    {19, "float16", "DT_HALF"},    {20, "resource", "DT_RESOURCE"},
    {21, "variant", "DT_VARIANT"}, {22, "uint32", "DT_UINT32"},
    {23, "uint64", "DT_UINT64"},   {0, "invalid", "DT_INVALID"},
}};

}  // namespace

DType dtype_of_number(int32_t number) {
  if (number < 0 || number > 255) return DType::invalid;
  const auto dtype = static_cast<DType>(number);
  return size_of(dtype) != 0 ? dtype : DType::invalid;
}

DType graph_dtype_of_number(int32_t number) {
  switch (number) {
    case 11:
      return DType::int8;
    case 12:
      return DType::uint8;
    case 13:
      return DType::int32;
    case 15:
      return DType::int16;
    case 16:
      return DType::uint16;
    default:
      return dtype_of_number(number);
  }
}

std::string dtype_name_of_number(int32_t number) {
  for (const NumberedDType& row : kNumberedDTypes) {
    if (row.number == number) return std::string(row.name);
  }
  return str("dtype ", number);
}

std::string enum_name_of_dtype(std::string_view dtype_name) {
  for (const NumberedDType& row : kNumberedDTypes) {
    if (row.name == dtype_name) return std::string(row.enum_name);
  }
  return std::string(dtype_name);
}

int32_t dtype_number_of_enum(std::string_view enum_name) {
  for (const NumberedDType& row : kNumberedDTypes) {
    if (row.enum_name == enum_name) return row.number;
  }
  return 0;
}

}  // namespace tenon::internal

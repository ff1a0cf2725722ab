// The C++ type that elements of a dtype have.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/check.h"
#include "core/tensor/half.h"
#include "tenon/dtype.h"

namespace tenon::internal {

// Calls `act` with a value of that type, and answers what it answers. Throws TypeError
// (dtype_incompatible) for a dtype that has no values.
template <typename Act>
auto with_element_type(DType dtype, Act act) {
  switch (dtype) {
    case DType::float32:
      return act(float{});
    case DType::float64:
      return act(double{});
    case DType::float16:
      return act(Half{});
    case DType::bfloat16:
      return act(Bfloat16{});
    case DType::int8:
      return act(int8_t{});
    case DType::uint8:
      return act(uint8_t{});
    case DType::int16:
      return act(int16_t{});
    case DType::uint16:
      return act(uint16_t{});
    case DType::int32:
      return act(int32_t{});
    case DType::uint32:
      return act(uint32_t{});
    case DType::int64:
      return act(int64_t{});
    case DType::uint64:
      return act(uint64_t{});
    case DType::bool_:
      return act(bool{});
    case DType::string:
      return act(std::string());
    case DType::invalid:
    case DType::resource:
      break;
  }
  fail<TypeError>(ErrorKind::dtype_incompatible, "A tensor can't hold values of dtype ", dtype);
}

}  // namespace tenon::internal

// Tensors as NumPy prints them.
#include <array>
#include <charconv>
#include <ostream>

#include "core/tensor/half.h"
#include "tenon/tensor.h"

namespace tenon {
namespace {

// Elements that are printed in full; beyond, kEdge at both ends of each axis.
constexpr int64_t kLongest = 1000;
constexpr int64_t kEdge = 3;

// Written as the "C" locale does, whatever the stream's.
template <typename... Format>
void print_number(std::ostream& out, Format... number_and_format) {
  std::array<char, 48> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number_and_format...).ptr;
  out << std::string_view(text.data(), static_cast<size_t>(end - text.data()));
}

void print_element(std::ostream& out, const Tensor& tensor, int64_t index) {
  const auto at = static_cast<size_t>(index);
  constexpr auto kGeneral = std::chars_format::general;
  constexpr int kDoubleDigits = 8, kHalfDigits = 6;  // a half has no more to tell
  switch (tensor.dtype()) {
    case DType::float32:
      print_number(out, tensor.data<float>()[at]);  // as few digits as tell it from all others
      return;
    case DType::float64:
      print_number(out, tensor.data<double>()[at], kGeneral, kDoubleDigits);
      return;
    case DType::float16:
      print_number(out, static_cast<float>(static_cast<const internal::Half*>(tensor.raw())[at]),
                   kGeneral, kHalfDigits);
      return;
    case DType::bfloat16:
      print_number(out,
                   static_cast<float>(static_cast<const internal::Bfloat16*>(tensor.raw())[at]),
                   kGeneral, kHalfDigits);
      return;
    case DType::int8:
      print_number(out, int{tensor.data<int8_t>()[at]});
      return;
    case DType::uint8:
      print_number(out, int{tensor.data<uint8_t>()[at]});
      return;
    case DType::int16:
      print_number(out, tensor.data<int16_t>()[at]);
      return;
    case DType::uint16:
      print_number(out, tensor.data<uint16_t>()[at]);
      return;
    case DType::int32:
      print_number(out, tensor.data<int32_t>()[at]);
      return;
    case DType::uint32:
      print_number(out, tensor.data<uint32_t>()[at]);
      return;
    case DType::int64:
      print_number(out, tensor.data<int64_t>()[at]);
      return;
    case DType::uint64:
      print_number(out, tensor.data<uint64_t>()[at]);
      return;
    case DType::bool_:
      out << (tensor.data<bool>()[at] ? "True" : "False");
      return;
    case DType::string:
      out << '\'' << tensor.data<std::string>()[at] << '\'';
      return;
    default:
      out << '?';
  }
}

void print_axis(std::ostream& out, const Tensor& tensor, int axis, int64_t first, int64_t stride) {
  const Shape& shape = tensor.shape();
  if (axis == shape.rank()) return print_element(out, tensor, first);
  const int64_t size = shape[axis];
  const bool innermost = axis + 1 == shape.rank();
  const int64_t inner = size == 0 ? 0 : stride / size;
  out << '[';
  for (int64_t i = 0; i < size; ++i) {
    if (i != 0) {
      out << (innermost ? " " : "\n");
      if (!innermost) out << std::string(static_cast<size_t>(axis) + 1, ' ');
    }
    if (tensor.element_count() > kLongest && size > 2 * kEdge && i == kEdge) {
      out << "...";
      i = size - kEdge - 1;
      continue;
    }
    print_axis(out, tensor, axis + 1, first + i * inner, inner);
  }
  out << ']';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor) return out << "<empty>";
  if (tensor.device() != "/device:CPU:0") {
    return out << "<" << tensor.dtype() << " " << tensor.shape() << " on " << tensor.device()
               << ">";
  }
  print_axis(out, tensor, 0, 0, tensor.element_count());
  return out;
}

}  // namespace tenon

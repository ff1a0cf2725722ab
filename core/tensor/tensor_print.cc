// Tensors as NumPy prints them.
#include <array>
#include <charconv>
#include <iomanip>
#include <ostream>

#include "core/tensor/half.h"
#include "tenon/tensor.h"

namespace tenon {
namespace {

// Elements that are printed in full; beyond, kEdge at both ends of each axis.
constexpr int64_t kLongest = 1000;
constexpr int64_t kEdge = 3;

// As few digits as tell this float from all others.
void print_shortest(std::ostream& out, float value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out << std::string_view(text.data(), static_cast<size_t>(end - text.data()));
}

void print_element(std::ostream& out, const Tensor& tensor, int64_t index) {
  const auto at = static_cast<size_t>(index);
  switch (tensor.dtype()) {
    case DType::float32:
      print_shortest(out, tensor.data<float>()[at]);
      return;
    case DType::float64:
      out << tensor.data<double>()[at];
      return;
    case DType::float16:
      out << std::setprecision(6)  // a half has fewer digits to tell
          << static_cast<float>(static_cast<const internal::Half*>(tensor.raw())[at]);
      return;
    case DType::bfloat16:
      out << std::setprecision(6)
          << static_cast<float>(static_cast<const internal::Bfloat16*>(tensor.raw())[at]);
      return;
    case DType::int8:
      out << int{tensor.data<int8_t>()[at]};
      return;
    case DType::uint8:
      out << int{tensor.data<uint8_t>()[at]};
      return;
    case DType::int16:
      out << tensor.data<int16_t>()[at];
      return;
    case DType::uint16:
      out << tensor.data<uint16_t>()[at];
      return;
    case DType::int32:
      out << tensor.data<int32_t>()[at];
      return;
    case DType::int64:
      out << tensor.data<int64_t>()[at];
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
  const std::streamsize precision = out.precision(8);
  print_axis(out, tensor, 0, 0, tensor.element_count());
  out.precision(precision);
  return out;
}

}  // namespace tenon

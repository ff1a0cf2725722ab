// The header of NumPy's .npy files, which the members of an .npz are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/dtype.h"
#include "tenon/shape.h"

namespace tenon::internal {

struct NpyHeader {
  std::string descr;  // "<f4"
  bool fortran_order = false;
  Shape shape;
};

constexpr size_t kNpyMagicBytes = 8;  // with the version

// The number of bytes that hold the header's length, behind the magic; 0 where it is no .npy file.
size_t npy_length_bytes(std::string_view magic);
// The header's text, a literal of Python's. Nothing where it is none.
std::optional<NpyHeader> parse_npy_header(std::string_view text);
// Magic, length and header.
std::string npy_preamble(const NpyHeader& header);

// How the elements are stored.
struct NpyElement {
  enum class Kind { number, bytes, text, unknown };
  Kind kind = Kind::unknown;
  DType dtype = DType::invalid;
  size_t size = 0;  // of an element
  bool swapped = false;
};
NpyElement npy_element(std::string_view descr);
// Of a dtype of numbers; empty of others.
std::string_view npy_descr(DType dtype);

}  // namespace tenon::internal

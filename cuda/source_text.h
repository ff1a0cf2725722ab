// How the sources of generated kernels (generated_source.h, row_source.h) say types and primitives.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "cuda/elementwise_tape.h"

namespace tenon::cuda {

// So many elements are computed at once, one at a time in programs of more steps: registers are
// few.
inline constexpr int kWidth = 4;
inline constexpr size_t kMostStepsAbreast = 96;

std::string_view type_of(DType dtype);  // of an element
std::string_view type_of(Arithmetic arithmetic);

// A constant of the kernel's parameter, of a type.
std::string constant_text(size_t constant, Arithmetic arithmetic);

// What an instruction computes, as a word. `operand` says the first, second or third operand, to
// be computed with so.
std::string primitive_text(internal::Primitive primitive, Arithmetic arithmetic, DType result,
                           const std::function<std::string(int, Arithmetic)>& operand);

// What `struct Arguments` of a source holds (kernel_parameter.h); `numbers` are the names of its
// first fields.
struct ParameterFields {
  std::string_view numbers;
  size_t inputs = 0, outputs = 0, constants = 0, offsets = 0;
};
std::string parameter_text(const ParameterFields& fields);

}  // namespace tenon::cuda

// Programs of elementwise kernels, run in tests.
#pragma once

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;
using internal::Primitive;

inline Tensor run_program(const ElementwiseProgram& program, const std::vector<Tensor>& inputs,
                          const Shape& shape, int threads = 1) {
  return testing::launch({.op = "_Elementwise",
                          .inputs = inputs,
                          .outputs = {{program.dtype_of_value(program.outputs[0]), shape}},
                          .program = &program,
                          .threads = threads});
}

inline ElementwiseProgram unary_program(Primitive primitive, DType dtype) {
  ElementwiseBuilder builder;
  return builder.finish({builder.unary(primitive, builder.input(dtype))});
}

inline ElementwiseProgram binary_program(Primitive primitive, DType dtype) {
  ElementwiseBuilder builder;
  const auto a = builder.input(dtype), b = builder.input(dtype);
  return builder.finish({builder.binary(primitive, a, b)});
}

}  // namespace tenon

// Kernels as rows of a table, each run on the GPU and on the CPU.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon::testing {

struct GpuCase {
  std::string name;
  KernelCase kernel;
  double tolerance = 0;  // of floating numbers; 0: the same bits
};

// Numbers of any dtype, halves too.
Tensor some(DType dtype, const Shape& shape, double start = 0.3, double scale = 3);

std::vector<GpuCase> array_cases();
std::vector<GpuCase> elementwise_cases();
std::vector<GpuCase> math_cases();
std::vector<GpuCase> nn_cases();

}  // namespace tenon::testing

// One call or more of every operation, that works: what tests of all operations start from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/tensor/attr_value.h"
#include "tenon/dtype.h"
#include "tenon/shape.h"

namespace tenon::testing {

// An input: elements of no particular value, or (of integers) these numbers, or this text.
struct SampleInput {
  DType dtype = DType::float32;
  Shape shape = {};
  std::vector<int64_t> numbers = {};
  std::string text = {};
};

struct OperationSample {
  std::string type;
  std::vector<SampleInput> inputs = {};  // those of a list one after the other
  internal::AttrMap attrs = {};
  std::vector<OperationSample> before = {};  // that the run does before, one after the other
};

// Of the operation of that type. Elementwise operations and others that take what they are given
// have a general one: all inputs of one shape.
std::vector<OperationSample> samples_of(const std::string& type);

// Of operations that a function on the host computes, and of others that take texts.
void add_host_samples(std::vector<OperationSample>& samples);

}  // namespace tenon::testing

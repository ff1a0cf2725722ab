// What the tests of layers share: waves for inputs and weights, as TensorFlow was given.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tenon/array_ops.h"
#include "tenon/initializers.h"
#include "tenon/session.h"
#include "tenon/variable_scope.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {

// amplitude * sin(start + i * scale) of element i.
inline Tensor wave_tensor(const Shape& shape, double start, double scale, double amplitude = 1) {
  std::vector<float> values(static_cast<size_t>(shape.element_count()));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(amplitude * std::sin(start + scale * static_cast<double>(i)));
  }
  return Tensor::from<float>(values, shape);
}

inline Initializer wave(double start, double scale, double amplitude) {
  return [=](const Shape& shape, DType) -> Input {
    return wave_tensor(shape, start, scale, amplitude);
  };
}

class LayersTest : public ::testing::Test {
 protected:
  static Output x(const Shape& shape, double start = 0.1) {
    return constant(wave_tensor(shape, start, 0.7));
  }
  // The value, with the variables new.
  static void expect_value(const Output& output, const Numbers& wanted) {
    SCOPED_TRACE(output.name());
    Session session;
    session.run(global_variables_initializer());
    expect_near(session.run(output), wanted, 3e-6);
  }
  static std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const Variable& variable : global_variables()) all.push_back(variable.name());
    return all;
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  Initializer kernel_ = wave(0.3, 1.1, 0.6);
  Initializer bias_ = wave(0.5, 0.9, 0.3);
};

}  // namespace tenon::testing

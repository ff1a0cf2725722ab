// Operations as rows of a table: each is run through a session in float32 and float64 and compared
// with a plain float64 loop, and its gradients with finite differences.
//
//   const OpCases kCases = {{.name = "Square", .build = [](const Outputs& in) { ... },
//                            .inputs = {{2, 3}}, .plain = each([](double x) { return x * x; })}};
//   INSTANTIATE_TEST_SUITE_P(Unary, OpCaseTest, testing::ValuesIn(kCases), case_name);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tenon/graph.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

namespace tenon::testing {

using Numbers = std::vector<double>;

struct OpCase {
  std::string name;
  std::function<Output(const std::vector<Output>&)> build;  // from placeholders
  std::vector<Shape> inputs;
  // The values expected, from those of the inputs, all row-major; empty: only gradients.
  std::function<Numbers(const std::vector<Numbers>&)> plain = {};
  double low = -2, high = 2;  // the range of the inputs' values
  bool gradients = true;      // whether to compare them with finite differences
};
using OpCases = std::vector<OpCase>;

// GoogleTest looks for this name.
// NOLINTNEXTLINE(readability-identifier-naming)
inline void PrintTo(const OpCase& op_case, std::ostream* out) { *out << op_case.name; }
inline std::string case_name(const ::testing::TestParamInfo<OpCase>& info) {
  return info.param.name;
}

// Runs each row in a graph of its own.
class OpCaseTest : public ::testing::TestWithParam<OpCase> {};

// A plain loop over one input, or two of one size.
std::function<Numbers(const std::vector<Numbers>&)> each(std::function<double(double)> f);
std::function<Numbers(const std::vector<Numbers>&)> pairs(std::function<double(double, double)> f);

// sin(start + i) scaled into [low, high]: numbers without a pattern, none at a kink, always the
// same.
Tensor wave(DType dtype, const Shape& shape, double start = 0.3, double low = -2, double high = 2);

// The elements of a tensor of any numeric dtype or bool.
Numbers numbers(const Tensor& tensor);

// The value of an Output of the default graph; of two.
Tensor run(const Output& output, const Feeds& feeds = {});

// Row-major values, within `tolerance` relative to the larger magnitude (and absolute below 1).
void expect_near(const Tensor& value, const Numbers& expected, double tolerance = 1e-5);
void expect_near(const Numbers& value, const Numbers& expected, double tolerance);

// Compares the gradients of sum(output * weights) by each placeholder with central differences, in
// float64.
void expect_gradients(const Output& output, const std::vector<Output>& placeholders,
                      const std::vector<Tensor>& values, double tolerance = 1e-6);

}  // namespace tenon::testing

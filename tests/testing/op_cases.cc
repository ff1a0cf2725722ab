#include "tests/testing/op_cases.h"

#include <algorithm>
#include <cmath>

#include "tenon/gradients.h"
#include "tenon/ops.h"
#include "tests/testing/tensors.h"

namespace tenon::testing {
namespace {

Numbers fed_and_run(const Output& output, const std::vector<Output>& placeholders,
                    const std::vector<Tensor>& values, Session& session) {
  Feeds feeds;
  for (size_t i = 0; i < placeholders.size(); ++i) feeds.push_back({placeholders[i], values[i]});
  return numbers(session.run(output, feeds));
}

}  // namespace

std::function<Numbers(const std::vector<Numbers>&)> each(std::function<double(double)> f) {
  return [f](const std::vector<Numbers>& in) {
    Numbers out;
    for (const double x : in[0]) out.push_back(f(x));
    return out;
  };
}

std::function<Numbers(const std::vector<Numbers>&)> pairs(std::function<double(double, double)> f) {
  return [f](const std::vector<Numbers>& in) {
    Numbers out;
    for (size_t i = 0; i < in[0].size(); ++i) out.push_back(f(in[0][i], in[1][i]));
    return out;
  };
}

Tensor wave(DType dtype, const Shape& shape, double start, double low, double high) {
  Tensor tensor(dtype, shape);
  const auto count = static_cast<size_t>(shape.element_count());
  for (size_t i = 0; i < count; ++i) {
    const double value =
        low + (high - low) * (std::sin(start + 1.7 * static_cast<double>(i)) + 1) / 2;
    if (dtype == float32) {
      tensor.mutable_data<float>()[i] = static_cast<float>(value);
    } else if (dtype == float64) {
      tensor.mutable_data<double>()[i] = value;
    } else if (dtype == int32) {
      tensor.mutable_data<int32_t>()[i] = static_cast<int32_t>(std::floor(value));
    } else {
      tensor.mutable_data<int64_t>()[i] = static_cast<int64_t>(std::floor(value));
    }
  }
  return tensor;
}

Numbers numbers(const Tensor& tensor) { return test::numbers_of(tensor); }

Tensor run(const Output& output, const Feeds& feeds) {
  Session session(output.graph());
  return session.run(output, feeds);
}

void expect_near(const Numbers& value, const Numbers& expected, double tolerance) {
  ASSERT_EQ(value.size(), expected.size());
  for (size_t i = 0; i < value.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(value[i])) << "element " << i << " is " << value[i];
    } else if (std::isinf(expected[i])) {
      EXPECT_EQ(value[i], expected[i]) << "element " << i;
    } else {
      const double scale = std::max({1.0, std::abs(value[i]), std::abs(expected[i])});
      EXPECT_NEAR(value[i], expected[i], tolerance * scale) << "element " << i;
    }
  }
}

void expect_near(const Tensor& value, const Numbers& expected, double tolerance) {
  expect_near(numbers(value), expected, tolerance);
}

void expect_gradients(const Output& output, const std::vector<Output>& placeholders,
                      const std::vector<Tensor>& values, double tolerance) {
  Session session(output.graph());
  Numbers plain = fed_and_run(output, placeholders, values, session);
  const Shape shape = session
                          .run(output,
                               [&] {
                                 Feeds feeds;
                                 for (size_t i = 0; i < placeholders.size(); ++i) {
                                   feeds.push_back({placeholders[i], values[i]});
                                 }
                                 return feeds;
                               }())
                          .shape();
  const Tensor weights = wave(float64, shape, 1.1);
  const Numbers weight = numbers(weights);
  std::vector<Ref> xs(placeholders.begin(), placeholders.end());
  const std::vector<Output> gradient = gradients({output}, xs, {.grad_ys = {constant(weights)}});
  const auto weighted = [&](const std::vector<Tensor>& at) {
    const Numbers y = fed_and_run(output, placeholders, at, session);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * weight[i];
    return sum;
  };
  for (size_t i = 0; i < placeholders.size(); ++i) {
    ASSERT_TRUE(gradient[i]) << "input " << i << " has no gradient";
    const Numbers found = fed_and_run(gradient[i], placeholders, values, session);
    Numbers expected;
    std::vector<Tensor> moved = values;
    moved[i] = values[i].clone();
    for (double& x : moved[i].mutable_data<double>()) {
      constexpr double kStep = 1e-5;
      const double at = x;
      x = at + kStep;
      const double above = weighted(moved);
      x = at - kStep;
      expected.push_back((above - weighted(moved)) / (2 * kStep));
      x = at;
    }
    SCOPED_TRACE("gradient of input " + std::to_string(i));
    expect_near(found, expected, tolerance);
  }
}

// Programs that link only the helpers have no cases.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OpCaseTest);

TEST_P(OpCaseTest, GivesTheValuesOfAPlainLoop) {
  const OpCase& op_case = GetParam();
  if (!op_case.plain) return;
  for (const DType dtype : {float32, float64}) {
    SCOPED_TRACE(to_string(dtype));
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    std::vector<Output> placeholders;
    std::vector<Numbers> in;
    Feeds feeds;
    for (size_t i = 0; i < op_case.inputs.size(); ++i) {
      placeholders.push_back(placeholder(dtype, op_case.inputs[i]));
      const Tensor value =
          wave(dtype, op_case.inputs[i], 0.3 + static_cast<double>(i), op_case.low, op_case.high);
      in.push_back(numbers(value));
      feeds.push_back({placeholders.back(), value});
    }
    const Output y = op_case.build(placeholders);
    const Tensor value = run(y, feeds);
    EXPECT_TRUE(y.shape().compatible_with(value.shape())) << y.shape() << value.shape();
    expect_near(value, op_case.plain(in), dtype == float32 ? 2e-6 : 1e-13);
  }
}

// Of partly known shapes too: what is inferred then must agree, and values not differ.
TEST_P(OpCaseTest, HasTheGradientsOfFiniteDifferences) {
  const OpCase& op_case = GetParam();
  if (!op_case.gradients) return;
  for (const bool known : {true, false}) {
    SCOPED_TRACE(known ? "known shapes" : "first sizes unknown");
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    std::vector<Output> placeholders;
    std::vector<Tensor> values;
    for (size_t i = 0; i < op_case.inputs.size(); ++i) {
      Shape shape = op_case.inputs[i];
      values.push_back(
          wave(float64, shape, 0.3 + static_cast<double>(i), op_case.low, op_case.high));
      if (!known && shape.rank() > 0) shape[0] = kUnknown;
      placeholders.push_back(placeholder(float64, shape));
    }
    expect_gradients(op_case.build(placeholders), placeholders, values);
  }
}

}  // namespace tenon::testing

// What may be fused into a product is computed right in every dtype, on every backend: where a
// kernel takes the bias and the activation, and where they run behind it.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

struct Form {
  const char* name;
  std::function<Output(const Output& product, const Output& bias)> build;
  std::function<double(double product, double bias)> expected;
};
// GoogleTest looks this name up.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const Form& form, std::ostream* out) { *out << form.name; }

double positive(double x) { return std::max(x, 0.0); }

const Form kForms[] = {
    {"Alone", [](const Output& y, const Output&) { return y; }, [](double y, double) { return y; }},
    {"Bias", [](const Output& y, const Output& b) { return y + b; },
     [](double y, double b) { return y + b; }},
    {"BiasBefore", [](const Output& y, const Output& b) { return b + y; },
     [](double y, double b) { return y + b; }},
    {"BiasAdd", [](const Output& y, const Output& b) { return nn::bias_add(y, b); },
     [](double y, double b) { return y + b; }},
    {"Relu", [](const Output& y, const Output&) { return nn::relu(y); },
     [](double y, double) { return positive(y); }},
    {"Relu6", [](const Output& y, const Output&) { return nn::relu6(y); },
     [](double y, double) { return std::min(positive(y), 6.0); }},
    {"LeakyRelu", [](const Output& y, const Output&) { return nn::leaky_relu(y, {.alpha = 0.5}); },
     [](double y, double) { return y < 0 ? 0.5 * y : y; }},
    {"BiasAndRelu", [](const Output& y, const Output& b) { return nn::relu(y + b); },
     [](double y, double b) { return positive(y + b); }},
    {"BiasAddAndRelu6",
     [](const Output& y, const Output& b) { return nn::relu6(nn::bias_add(y, b)); },
     [](double y, double b) { return std::min(positive(y + b), 6.0); }},
};

class FuseDTypesTest : public ::testing::TestWithParam<std::tuple<Form, DType, int>> {
 protected:
  // Whole numbers, which every floating dtype holds.
  static constexpr int kRows = 2, kDepth = 3, kColumns = 4;
  static constexpr float kLeft[kRows][kDepth] = {{1, -2, 3}, {-4, 5, -6}};
  static constexpr float kRight[kDepth][kColumns] = {{1, 0, -1, 2}, {2, 1, 0, -1}, {0, 1, 2, -2}};
  static constexpr float kBias[kColumns] = {1, -2, 3, -4};

  Output fed(const Shape& shape) const { return placeholder(std::get<1>(GetParam()), shape); }
  static Tensor in_dtype(std::span<const float> numbers, const Shape& shape) {
    Session session({.device_count = {{"GPU", 0}}});
    return session.run(cast(constant(Tensor::from<float>(numbers, shape)), dtype()));
  }
  static DType dtype() { return std::get<1>(GetParam()); }

  void expect_form(const Output& product, const Feeds& feeds) {
    const Form& form = std::get<0>(GetParam());
    const Output bias = constant(in_dtype(kBias, {kColumns}));
    const Output result = cast(form.build(product, bias), float64);
    const int gpus = std::get<2>(GetParam());
    Session session({.device_count = {{"GPU", gpus}}, .emulated_gpus = gpus});
    const Tensor found = session.run(result, feeds);
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < kColumns; ++j) {
        double sum = 0;
        for (int k = 0; k < kDepth; ++k) sum += double{kLeft[i][k]} * double{kRight[k][j]};
        EXPECT_EQ(found.data<double>()[static_cast<size_t>(i * kColumns + j)],
                  form.expected(sum, kBias[j]))
            << "row " << i << ", column " << j;
      }
    }
  }

  static std::span<const float> left() { return {&kLeft[0][0], kRows * kDepth}; }
  static std::span<const float> right() { return {&kRight[0][0], kDepth * kColumns}; }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

INSTANTIATE_TEST_SUITE_P(All, FuseDTypesTest,
                         ::testing::Combine(::testing::ValuesIn(kForms),
                                            ::testing::Values(bfloat16, float16, float32, float64),
                                            ::testing::Values(0, 1)),
                         [](const auto& instance) {
                           const std::string form = std::get<0>(instance.param).name;
                           const std::string_view dtype = to_string(std::get<1>(instance.param));
                           const bool on_gpu = std::get<2>(instance.param) > 0;
                           return form + "_" + std::string(dtype) +
                                  (on_gpu ? "_EmulatedGpu" : "_Cpu");
                         });

TEST_P(FuseDTypesTest, AMatrixProductGivesWhatIsWritten) {
  const Output x = fed({kRows, kDepth});
  expect_form(matmul(x, constant(in_dtype(right(), {kDepth, kColumns}))),
              {{x, in_dtype(left(), {kRows, kDepth})}});
}

TEST_P(FuseDTypesTest, AConvolutionGivesWhatIsWritten) {
  const Output images = fed({kRows, 1, 1, kDepth});
  const Output filter = constant(in_dtype(right(), {1, 1, kDepth, kColumns}));
  const Output product = nn::conv2d(images, filter, {.padding = "VALID"});
  const Feeds feeds = {{images, in_dtype(left(), {kRows, 1, 1, kDepth})}};
  if (dtype() == bfloat16 || dtype() == float16) {  // fused or not, there is no kernel
    EXPECT_ERROR(expect_form(product, feeds), UnimplementedError, no_kernel, "Conv2D");
  } else {
    expect_form(product, feeds);
  }
}

}  // namespace
}  // namespace tenon

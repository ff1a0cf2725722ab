// Plans of convolutions, made without a GPU: cuDNN is told the properties of one.
#include "cuda/conv_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string_view>

#include "cuda/conv_graph.h"

namespace tenon::cuda {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kH200 = R"({"deviceName":"NVIDIA H200","deviceVer":900,
"driverVer":13000,"cudaDeviceId":0,"pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,
"multiProcessorCount":132,"smClockRateKHz":1980000,"memClockRateKHz":3201000,"warpSize":32,
"l2CacheSize":62914560,"totalGlobalMem":150121545728,"regsPerBlock":65536,
"maxRegistersPerSM":65536,"maxSharedMemoryPerBlock":49152,"maxSharedMemoryPerBlockOptin":232448,
"reservedSharedMemoryPerBlock":1024,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,
"maxThreadsPerSM":2048,"maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64]})";

const CudnnDescriptor& h200() {
  static const CudnnDescriptor properties = [] {
    CudnnDescriptor made(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    made.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, std::span<const char>(kH200));
    EXPECT_TRUE(made.finalize()) << cudnnGetErrorString(made.status());
    return made;
  }();
  return properties;
}

// A convolution of the shape that TensorFlow gives it.
struct Case {
  int64_t batch, h, w, channels, outputs, size_h, size_w, stride = 1, dilation = 1, groups = 1;
  bool same = true;

  internal::WindowAxis axis(int64_t input, int64_t size) const {
    const int64_t covered = (size - 1) * dilation + 1;
    const int64_t output = same ? (input + stride - 1) / stride : (input - covered) / stride + 1;
    const int64_t padding = std::max<int64_t>(0, (output - 1) * stride + covered - input) / 2;
    return {input, output, size, stride, dilation, same ? padding : 0};
  }
  ConvProblem problem(ConvDirection direction) const {
    return {.direction = direction,
            .windows = {batch, channels, axis(h, size_h), axis(w, size_w)},
            .outputs = outputs,
            .groups = groups};
  }
};

constexpr size_t kMuch = size_t{512} << 20;
constexpr auto kDirections = {ConvDirection::kForward, ConvDirection::kImageGradient,
                              ConvDirection::kFilterGradient};

std::vector<ConvPlan> plans_of(const ConvProblem& problem, const PlanRules& rules) {
  CudnnDescriptor graph;
  if (!make_conv_graph(problem, graph)) return {};
  return choose_conv_plans(graph, h200(), rules);
}

std::vector<cudnnBackendNumericalNote_t> notes_of(const ConvPlan& plan) {
  const auto configs =
      plan.plan.get(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
  const auto engines =
      configs.at(0).get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  return engines.at(0).get<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
}

// A plan that keeps the rules, and perhaps one of another engine that does.
void expect_plans(const ConvProblem& problem, const PlanRules& rules) {
  const std::vector<ConvPlan> plans = plans_of(problem, rules);
  ASSERT_THAT(plans, SizeIs(::testing::Ge(1)));
  EXPECT_LE(plans[0].workspace_bytes, rules.most_workspace);
  if (plans.size() > 1) {
    EXPECT_NE(plans[1].engine, plans[0].engine);
    EXPECT_LE(plans[1].workspace_bytes, plans[0].workspace_bytes);
  }
  for (const ConvPlan& plan : plans) {
    const auto notes = notes_of(plan);
    EXPECT_THAT(notes, AllOf(Not(Contains(CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)),
                             Not(Contains(CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS))));
    if (rules.allow_tf32) continue;
    EXPECT_THAT(notes, Not(Contains(CUDNN_NUMERICAL_NOTE_TENSOR_CORE)));
  }
}

class ConvPlanTest : public ::testing::TestWithParam<Case> {};

TEST_P(ConvPlanTest, IsThereInEveryDirectionStrictAndNot) {
  for (const bool allow_tf32 : {false, true}) {
    const PlanRules rules = {.allow_tf32 = allow_tf32, .most_workspace = kMuch};
    for (const ConvDirection direction : kDirections) {
      SCOPED_TRACE(static_cast<int>(direction));
      expect_plans(GetParam().problem(direction), rules);
    }
    ConvProblem fused = GetParam().problem(ConvDirection::kForward);
    fused.bias = true;
    for (const bool relu : {false, true}) {
      fused.relu = relu;
      expect_plans(fused, rules);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvPlanTest,
    ::testing::Values(Case{64, 56, 56, 64, 64, 3, 3}, Case{1, 20, 20, 32, 32, 5, 5},
                      Case{2, 8, 7, 3, 6, 3, 3, 2},                 // more padding behind
                      Case{4, 9, 9, 8, 8, 2, 2},                    // padding behind alone
                      Case{1, 9, 9, 5, 6, 2, 2, 2, 1, 1, false},    // a row that no window sees
                      Case{1, 9, 9, 3, 6, 3, 3, 1, 2, 1, false},    // dilated
                      Case{2, 8, 8, 8, 12, 3, 3, 1, 1, 2},          // in groups
                      Case{2, 9, 9, 4, 4, 1, 1, 2, 1, 1, false}));  // pixels that no window sees

TEST(ConvPlansTest, UseTensorCoresWhereThatIsAllowed) {
  const ConvProblem problem = Case{64, 56, 56, 64, 64, 3, 3}.problem(ConvDirection::kForward);
  const auto plans = plans_of(problem, {.allow_tf32 = true, .most_workspace = kMuch});
  ASSERT_THAT(plans, Not(IsEmpty()));
  EXPECT_THAT(notes_of(plans[0]), Contains(CUDNN_NUMERICAL_NOTE_TENSOR_CORE));
}

TEST(ConvPlansTest, HaveAnotherEngineBehindTheFirst) {
  const ConvProblem problem = Case{64, 56, 56, 64, 64, 3, 3}.problem(ConvDirection::kForward);
  for (const bool allow_tf32 : {false, true}) {
    EXPECT_THAT(plans_of(problem, {.allow_tf32 = allow_tf32, .most_workspace = kMuch}), SizeIs(2));
  }
}

TEST(ConvPlansTest, TakeNoMoreWorkspaceThanTheyMay) {
  for (const ConvDirection direction : kDirections) {
    const ConvProblem problem = Case{64, 56, 56, 64, 64, 3, 3}.problem(direction);
    const auto plans = plans_of(problem, {.allow_tf32 = false, .most_workspace = 0});
    ASSERT_THAT(plans, Not(IsEmpty()));
    for (const ConvPlan& plan : plans) EXPECT_EQ(plan.workspace_bytes, 0u);
  }
}

TEST(ConvPlansTest, AreMissingForWhatCudnnCantDo) {
  ConvProblem problem = Case{2, 8, 8, 8, 12, 3, 3}.problem(ConvDirection::kForward);
  problem.windows.h.output = 100;  // more than the padding gives
  problem.windows.h.padding = -1;
  EXPECT_THAT(plans_of(problem, {.most_workspace = kMuch}), IsEmpty());
}

TEST(ConvPlansTest, AreMadeBySeveralAtOnce) {
  const ConvProblem problem =
      Case{64, 14, 14, 32, 64, 5, 5}.problem(ConvDirection::kFilterGradient);
  const PlanRules rules = {.allow_tf32 = true, .most_workspace = kMuch};
  const int64_t expected = plans_of(problem, rules).at(0).engine;
  std::vector<std::future<int64_t>> engines;
  for (int i = 0; i < 4; ++i) {
    engines.push_back(
        std::async(std::launch::async, [&] { return plans_of(problem, rules).at(0).engine; }));
  }
  for (std::future<int64_t>& engine : engines) EXPECT_EQ(engine.get(), expected);
}

// Of each axis: a pixel of the image takes from the same windows, by the taps counted backwards.
TEST(ConvPlansTest, OfImageGradientsGoForward) {
  for (const Case& c :
       {Case{2, 8, 8, 4, 6, 3, 3}, Case{2, 9, 8, 4, 6, 2, 4}, Case{2, 9, 13, 4, 6, 3, 2, 1, 3},
        Case{2, 9, 9, 4, 6, 3, 2, 1, 2, 1, false}}) {
    const ConvProblem problem = c.problem(ConvDirection::kImageGradient);
    const std::optional<ConvProblem> forward = as_forward(problem);
    ASSERT_TRUE(forward.has_value());
    EXPECT_EQ(forward->windows.channels, 6);
    EXPECT_EQ(forward->outputs, 4);
    const internal::WindowAxis &to = problem.windows.w, &from = forward->windows.w;
    ASSERT_EQ(from.output, to.input);
    for (int64_t pixel = 0; pixel < to.input; ++pixel) {
      for (int64_t tap = 0; tap < to.size; ++tap) {
        const int64_t window = pixel - from.padding + (to.size - 1 - tap) * from.dilation;
        const bool lies_on = window >= 0 && window < from.input;
        EXPECT_EQ(to.window_of(pixel, tap), lies_on ? window : -1);
      }
    }
    expect_plans(*forward, {.most_workspace = kMuch});
  }
  EXPECT_FALSE(as_forward(Case{2, 8, 8, 4, 6, 3, 3}.problem(ConvDirection::kForward)));
  EXPECT_FALSE(as_forward(Case{2, 8, 8, 4, 6, 3, 3, 2}.problem(ConvDirection::kImageGradient)));
  ConvProblem wide = Case{2, 8, 8, 4, 6, 3, 3}.problem(ConvDirection::kImageGradient);
  wide.windows.h.padding = 3;
  EXPECT_FALSE(as_forward(wide));
}

TEST(ConvPlansTest, CountTensorsOfUpTo31Bits) {
  constexpr auto forward = ConvDirection::kForward;
  EXPECT_TRUE(cudnn_counts(Case{1, 9, 9, 5, 6, 2, 2}.problem(forward)));
  EXPECT_FALSE(cudnn_counts(Case{0, 9, 9, 5, 6, 2, 2}.problem(forward)));
  EXPECT_FALSE(cudnn_counts(Case{1, 9, 9, 0, 6, 2, 2}.problem(forward)));
  EXPECT_FALSE(cudnn_counts(Case{1 << 10, 1 << 10, 1 << 10, 2, 1, 1, 1}.problem(forward)));
  EXPECT_FALSE(cudnn_counts(Case{1 << 10, 1 << 10, 1 << 10, 1, 2, 1, 1}.problem(forward)));
}

}  // namespace
}  // namespace tenon::cuda

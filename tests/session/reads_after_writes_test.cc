// What is ordered after a write of a variable sees it, by whatever name it reads the variable.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "tenon/tenon.h"

namespace tenon {
namespace {

// A variable w that a step has moved from 0 to 1, and what is made after the step.
struct Read {
  const char* name;
  std::function<Output(const Variable& w, const Variable& other)> make;
  float expected;
};
// GoogleTest looks this name up.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const Read& read, std::ostream* out) { *out << read.name; }

Output average_of(const Variable& w, const train::ExponentialMovingAverageOptions& options) {
  train::ExponentialMovingAverage average(options);
  const Operation applied = average.apply({w});
  const ScopeGuard behind = control_dependencies({applied});
  return average.average(w).read_value();
}

const Read kReads[] = {
    {"Identity", [](const Variable& w, const Variable&) { return identity(w); }, 1},
    {"Sum", [](const Variable& w, const Variable&) { return w + 0.0f; }, 1},
    {"ReadValue", [](const Variable& w, const Variable&) { return w.read_value(); }, 1},
    {"Reshape",
     [](const Variable& w, const Variable&) {
       return reshape(w, {1, 1});
     },
     1},
    {"Cast", [](const Variable& w, const Variable&) { return cast(cast(w, float64), float32); }, 1},
    // From here on they write something themselves.
    {"AssignOfAnother",
     [](const Variable& w, const Variable& other) { return other.assign(w * 2.0f); }, 2},
    {"AssignOfItself", [](const Variable& w, const Variable& other) { return other.assign(w); }, 1},
    {"AverageByHand",
     [](const Variable& w, const Variable& other) { return other.assign_sub((other - w) * 0.5f); },
     0.5},
    {"Average", [](const Variable& w, const Variable&) { return average_of(w, {.decay = 0.5f}); },
     0.5},
    {"Clipping",
     [](const Variable& w, const Variable&) { return w.assign(clip_by_value(w, -0.25f, 0.25f)); },
     0.25},
};

constexpr int kPlainReads = 5;

using Case = std::tuple<Read, bool, int>;  // whether of a resource variable; on how many GPUs

std::string case_name(const Case& of) {
  const std::string name = std::get<0>(of).name;
  return name + (std::get<1>(of) ? "_Resource" : "_Reference") +
         (std::get<2>(of) > 0 ? "_EmulatedGpu" : "_Cpu");
}

class ReadsAfterWritesTest : public ::testing::TestWithParam<Case> {
 protected:
  static bool is_resource() { return std::get<1>(GetParam()); }
  static SessionOptions options() {
    const int gpus = std::get<2>(GetParam());
    return {.device_count = {{"GPU", gpus}}, .emulated_gpus = gpus};
  }
  static Variable variable(const char* name, bool trainable) {
    return get_variable(
        name, {.initializer = 0.0f, .trainable = trainable, .use_resource = is_resource()});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Variable w_ = variable("w", true), other_ = variable("other", false);
};

INSTANTIATE_TEST_SUITE_P(All, ReadsAfterWritesTest,
                         ::testing::Combine(::testing::ValuesIn(kReads), ::testing::Bool(),
                                            ::testing::Values(0, 1)),
                         [](const auto& instance) { return case_name(instance.param); });

TEST_P(ReadsAfterWritesTest, SeesWhatATrainingStepWrote) {
  const Operation step =
      train::GradientDescentOptimizer({.learning_rate = 1.0f}).minimize(-1.0f * w_.value());
  Output read;
  {
    const ScopeGuard behind = control_dependencies({step});
    const Output made = std::get<0>(GetParam()).make(w_, other_);
    read = made ? identity(made) : Output();
  }
  Session session(options());
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(read).data<float>()[0], std::get<0>(GetParam()).expected);
}

// Of the reads that write nothing themselves.
class UnorderedReadsTest : public ReadsAfterWritesTest {};

INSTANTIATE_TEST_SUITE_P(All, UnorderedReadsTest,
                         ::testing::Combine(::testing::ValuesIn(kReads, kReads + kPlainReads),
                                            ::testing::Bool(), ::testing::Values(0, 1)),
                         [](const auto& instance) { return case_name(instance.param); });

TEST_P(UnorderedReadsTest, SeesTheValueFromBefore) {
  const Output read = std::get<0>(GetParam()).make(w_, other_);
  const Output written = w_.assign_add(5.0f);
  Session session(options());
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run({read, written})[0].data<float>()[0], 0.0f);
  EXPECT_EQ(session.run({read, written})[0].data<float>()[0], 5.0f);
  EXPECT_EQ(session.run(w_).data<float>()[0], 10.0f);
}

// Whether of a resource variable; on how many GPUs.
class ReadsOfSeveralTest : public ::testing::TestWithParam<std::tuple<bool, int>> {};

INSTANTIATE_TEST_SUITE_P(All, ReadsOfSeveralTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(0, 1)));

// What is read with others at once keeps its value when the variable is written then.
TEST_P(ReadsOfSeveralTest, KeepTheValueFromBefore) {
  const auto [is_resource, gpus] = GetParam();
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Variable w = get_variable("w", {.initializer = 1.0f, .use_resource = is_resource});
  const std::vector<Output> read = identity_n({constant(5.0f), w, w});
  Output written, used;
  {
    const ScopeGuard behind = control_dependencies({read[0].op()});
    written = w.assign_add(10.0f);
  }
  {
    const ScopeGuard behind = control_dependencies({written.op()});
    used = read[1] * 2.0f + read[2];
  }
  Session session({.device_count = {{"GPU", gpus}}, .emulated_gpus = gpus});
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(used).scalar<float>(), 3.0f);
  EXPECT_EQ(session.run(w).scalar<float>(), 11.0f);
}

// Whether of a resource variable; on how many GPUs.
class ReadsAroundACutTest : public ::testing::TestWithParam<std::tuple<bool, int>> {};

INSTANTIATE_TEST_SUITE_P(All, ReadsAroundACutTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(0, 1)));

// The plan ends behind a write, for a shape that depends on what was written; in the rest some come
// after the write and some don't.
TEST_P(ReadsAroundACutTest, SeeTheWritesThatTheyComeAfter) {
  const auto [is_resource, gpus] = GetParam();
  Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Variable w = get_variable("w", {.initializer = 0.0f, .use_resource = is_resource});
  const Output size = placeholder(int32, {1});
  const Output zero = reduce_sum(fill(size + 0, 0.0f));
  const Output written = w.assign_add(1.0f);
  const Output cut = reduce_sum(fill(reshape(cast(written, int32), {1}), 0.0f));
  const Output before = zero + w, before_too = identity(w);
  Output after, after_too, last;
  {
    const ScopeGuard behind = control_dependencies({written.op(), cut.op()});
    after = zero + w;
    after_too = identity(w);
    last = w.assign(zero + w + 10.0f);
  }
  Session session({.emulated_gpus = gpus, .threads = 1});
  session.run(global_variables_initializer());
  for (const float start : {0.0f, 11.0f}) {
    const std::vector<Tensor> results =
        session.run({before, before_too, after, after_too, cut, last}, {{size, Tensor({2})}});
    const float expected[] = {start, start, start + 1, start + 1, 0, start + 11};
    for (size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(results[i].scalar<float>(), expected[i]) << i;
    }
    EXPECT_EQ(session.run(w).scalar<float>(), start + 11);
  }
}

}  // namespace
}  // namespace tenon

// Runs in steps. Values and messages are TensorFlow's, but where its own is that something is
// needed by the name of the thing needed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/session/session_state.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class PartialRunTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    a_ = placeholder(float32, {}, {.name = "a"});
    b_ = placeholder(float32, {}, {.name = "b"});
    c_ = placeholder(float32, {}, {.name = "c"});
    r1_ = add(a_, b_, {.name = "r1"});
    r2_ = multiply(r1_, c_, {.name = "r2"});
  }

  static Tensor number(float value) { return Tensor(value); }
  float step(const PartialRun& run, const Fetch& fetch, const Feeds& feeds = {}) {
    return session_.partial_run(run, fetch, feeds).scalar<float>();
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Session session_{{.allow_soft_placement = true, .emulated_gpus = GetParam(), .threads = 1}};
  Output a_, b_, c_, r1_, r2_;
};

INSTANTIATE_TEST_SUITE_P(CpuAndEmulatedGpu, PartialRunTest, ::testing::Values(0, 1));

TEST_P(PartialRunTest, GoesOnWithWhatIsFedLater) {
  const PartialRun run = session_.partial_run_setup({r1_, r2_}, {a_, b_, c_});
  const float sum = step(run, r1_, {{a_, number(1)}, {b_, number(2)}});
  EXPECT_EQ(sum, 3.0f);
  EXPECT_EQ(step(run, r2_, {{c_, number(sum * 17)}}), 153.0f);
  EXPECT_ERROR(session_.partial_run(run, r2_), InvalidArgumentError, bad_argument,
               "Must run 'setup' before performing partial runs!");
}

TEST_P(PartialRunTest, TakesFeedsWithoutAFetchAndFetchesByName) {
  const PartialRun run = session_.partial_run_setup({"r1:0", "r2"}, {"a:0", b_, c_});
  EXPECT_TRUE(session_.partial_run(run, {}, {{"a:0", number(1)}}).empty());
  const std::vector<PartialRun> same = {run};
  EXPECT_EQ(step(same[0], "r1:0", {{b_, number(2)}}), 3.0f);
  EXPECT_FALSE(session_.partial_run(run, r2_.op(), {{c_, number(2)}})) << "of an operation";
}

TEST_P(PartialRunTest, AnswersListsAndRepeatedFetches) {
  const PartialRun run = session_.partial_run_setup({r1_, r1_, r2_}, {a_, b_, c_});
  const std::vector<Tensor> twice =
      session_.partial_run(run, {r1_, r1_}, {{a_, number(1)}, {b_, number(2)}});
  ASSERT_EQ(twice.size(), 2u);
  EXPECT_EQ(twice[0].scalar<float>() + twice[1].scalar<float>(), 6.0f);
  const std::vector<Tensor> last =
      session_.partial_run(run, std::vector<Output>{r2_}, {{c_, number(2)}});
  EXPECT_EQ(last[0].scalar<float>(), 6.0f);
}

TEST_P(PartialRunTest, RunsEachOperationOnce) {
  for (const bool use_resource : {false, true}) {
    const std::string name = use_resource ? "resource" : "reference";
    const Variable v = get_variable(
        name, {.shape = {}, .initializer = zeros_initializer(), .use_resource = use_resource});
    session_.run(v.initializer());
    const Output up = v.assign_add(a_), random = random_uniform({});
    const Output first = up + 0.0f, second = up * b_, drawn = random + a_, again = random * b_;
    const Output before = identity(v.read_value());
    const PartialRun run =
        session_.partial_run_setup({first, second, drawn, again, before, up}, {a_, b_});
    const std::vector<Tensor> one =
        session_.partial_run(run, {first, drawn, before}, {{a_, number(1)}});
    EXPECT_EQ(one[0].scalar<float>(), 1.0f);
    EXPECT_EQ(one[2].scalar<float>(), 0.0f);
    EXPECT_EQ(session_.run(v).scalar<float>(), 1.0f) << "seen by other runs";
    const std::vector<Tensor> two =
        session_.partial_run(run, {second, again, up}, {{b_, number(10)}});
    EXPECT_EQ(two[0].scalar<float>(), 10.0f);
    EXPECT_NEAR(two[1].scalar<float>(), (one[1].scalar<float>() - 1) * 10, 1e-5);
    EXPECT_EQ(two[2].scalar<float>(), 1.0f);
    EXPECT_EQ(session_.run(v).scalar<float>(), 1.0f);
  }
}

TEST_P(PartialRunTest, ReadsOfReferenceVariablesSeeWritesOfEarlierSteps) {
  const Variable v = get_variable("v", {.shape = {}, .initializer = zeros_initializer()});
  session_.run(v.initializer());
  const Output before = v + a_, up = v.assign_add(a_);
  Output after;
  {
    const ScopeGuard behind = control_dependencies({up.op()});
    after = v * b_;
  }
  const PartialRun run = session_.partial_run_setup({before, up, after}, {a_, b_});
  EXPECT_EQ(session_.partial_run(run, {before, up}, {{a_, number(2)}})[0].scalar<float>(), 2.0f);
  EXPECT_EQ(step(run, after, {{b_, number(10)}}), 20.0f);
}

TEST_P(PartialRunTest, RunsWhatOnlyHasToHaveRunOnce) {
  const Variable v = get_variable("v", {.shape = {}, .initializer = zeros_initializer()});
  session_.run(v.initializer());
  const Operation count = v.assign_add(1.0f).op();
  Output first, second;
  {
    const ScopeGuard after = control_dependencies({count});
    first = identity(a_);
    second = identity(b_);
  }
  const PartialRun run = session_.partial_run_setup({first, second, count}, {a_, b_});
  EXPECT_EQ(step(run, first, {{a_, number(1)}}), 1.0f);
  EXPECT_EQ(step(run, second, {{b_, number(2)}}), 2.0f);
  EXPECT_FALSE(session_.partial_run(run, count));
  EXPECT_EQ(session_.run(v).scalar<float>(), 1.0f);
}

TEST_P(PartialRunTest, KeepsItsValuesWhateverTheCallerDoesToTensors) {
  const Output x = placeholder(float32, {2}), y = x + 1.0f, z = y * b_ + x;
  const PartialRun run = session_.partial_run_setup({y, z}, {x, b_});
  Tensor fed({1.0f, 2.0f});
  Tensor result = session_.partial_run(run, y, {{x, fed}});
  for (Tensor* tensor : {&fed, &result}) std::ranges::fill(tensor->mutable_data<float>(), 100.0f);
  const Tensor last = session_.partial_run(run, z, {{b_, number(10)}});
  EXPECT_EQ(last.data<float>()[0], 21.0f);
  EXPECT_EQ(last.data<float>()[1], 32.0f);
}

TEST_P(PartialRunTest, FeedsVariablesAndWhatIsBetween) {
  const Variable w = get_variable("w", {.shape = {}, .initializer = zeros_initializer()});
  const Output first = w + a_, second = w * r1_;
  const PartialRun run = session_.partial_run_setup({first, second}, {a_, w, r1_});
  EXPECT_EQ(step(run, first, {{a_, number(1)}, {w, number(5)}}), 6.0f);
  EXPECT_EQ(step(run, second, {{r1_, number(3)}}), 15.0f);
}

TEST_P(PartialRunTest, FetchesPartitionedVariables) {
  const Variable rows = get_variable(
      "rows",
      {.shape = {4}, .initializer = ones_initializer(), .partitioner = fixed_size_partitioner(2)});
  session_.run(global_variables_initializer());
  const PartialRun run = session_.partial_run_setup({rows, r1_}, {a_, b_});
  EXPECT_EQ(step(run, r1_, {{a_, number(1)}, {b_, number(2)}}), 3.0f);
  EXPECT_EQ(session_.partial_run(run, rows).shape(), Shape({4}));
}

TEST_P(PartialRunTest, FindsShapesThatDependOnValues) {
  const Output x = placeholder(float32, {-1}), mask = placeholder(bool_, {-1});
  const Output kept = boolean_mask(x, mask), sum = reduce_sum(kept) * c_, size = shape(kept)[0];
  const PartialRun run = session_.partial_run_setup({sum, size}, {x, mask, c_});
  const Tensor count = session_.partial_run(
      run, size, {{x, Tensor({1.0f, 2.0f, 4.0f})}, {mask, Tensor({true, false, true})}});
  EXPECT_EQ(count.scalar<int32_t>(), 2);
  EXPECT_EQ(step(run, sum, {{c_, number(10)}}), 50.0f);
}

TEST_P(PartialRunTest, WhatIsRefusedLeavesTheRunAsItWas) {
  const PartialRun run = session_.partial_run_setup({r1_, r2_}, {a_, b_, c_});
  const Feeds both = {{a_, number(1)}, {b_, number(2)}};
  const auto refused = [&](const Fetch& fetch, const Feeds& feeds, ErrorKind kind,
                           const std::string& text) {
    try {
      session_.partial_run(run, fetch, feeds);
      ADD_FAILURE() << "nothing was thrown: " << text;
    } catch (const InvalidArgumentError& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  refused(r1_, {}, ErrorKind::must_feed,
          "Fetch r1:0 can't be computed from the feeds that have been fed so far: it needs ");
  refused(r2_, both, ErrorKind::must_feed, "it needs c:0");
  refused(r1_, {{r1_, number(1)}}, ErrorKind::bad_feed,
          "The feed r1:0 was not specified in partial_run_setup.");
  refused(a_, both, ErrorKind::bad_fetch, "The fetch a:0 was not specified in partial_run_setup.");
  refused(r1_.op(), both, ErrorKind::bad_fetch,
          "The fetch r1 was not specified in partial_run_setup.");
  EXPECT_ERROR(session_.partial_run(run, r1_, {{a_, Tensor({1.0f})}, {b_, number(2)}}), ValueError,
               bad_feed_shape, "(1,)");
  EXPECT_EQ(step(run, r1_, both), 3.0f);
  refused(r2_, {{a_, number(1)}, {c_, number(1)}}, ErrorKind::bad_feed,
          "The feed a:0 has already been fed.");
  refused(r1_, {{c_, number(1)}}, ErrorKind::bad_fetch, "The fetch r1:0 has already been fetched.");
  EXPECT_EQ(step(run, r2_, {{c_, number(3)}}), 9.0f);
}

TEST_P(PartialRunTest, EndsWhenAStepFails) {
  const Output checked = check_numerics(a_, "not finite");
  const PartialRun run = session_.partial_run_setup({checked, r1_}, {a_, b_});
  EXPECT_THROW(session_.partial_run(run, checked, {{a_, number(HUGE_VALF)}}), InvalidArgumentError);
  EXPECT_ERROR(session_.partial_run(run, r1_, {{b_, number(1)}}), InvalidArgumentError,
               bad_argument, "Must run 'setup' before performing partial runs!");
}

TEST_P(PartialRunTest, RefusesWhatIsNoRunOfItsSession) {
  EXPECT_ERROR(session_.partial_run_setup({}, {a_}), InvalidArgumentError, bad_argument,
               "Must specify at least one target to fetch or execute.");
  EXPECT_ERROR(session_.partial_run_setup({r1_}, {a_, a_}), ValueError, bad_feed, "fed twice");
  PartialRun run = session_.partial_run_setup({r1_}, {a_});
  Session other;
  EXPECT_ERROR(other.partial_run(run, r1_), InvalidArgumentError, bad_argument, "Must run 'setup'");
  EXPECT_ERROR(session_.partial_run(run, r1_, {{a_, number(1)}}), InvalidArgumentError, must_feed,
               "You must feed a value for placeholder tensor 'b'");
  session_.close();
  EXPECT_ERROR(session_.partial_run(run, r1_), RuntimeError, closed, "closed");
  EXPECT_ERROR(session_.partial_run_setup({r1_}), RuntimeError, closed, "closed");
}

TEST_P(PartialRunTest, KeepsItsPlansAndLeavesTheGraphAsItIs) {
  const auto go = [&] {
    const PartialRun run = session_.partial_run_setup({r1_, r2_}, {a_, b_, c_});
    step(run, r1_, {{a_, number(1)}, {b_, number(2)}});
    return step(run, r2_, {{c_, number(2)}});
  };
  graph_.finalize();
  go();
  const size_t plans = session_.state()->executables().size();
  EXPECT_EQ(go(), 6.0f);
  EXPECT_EQ(session_.state()->executables().size(), plans);
}

}  // namespace
}  // namespace tenon

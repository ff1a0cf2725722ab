// Variables that branches and loops read: what comes after a write in them sees it, and what is fed
// for a variable is fed to them too. The numbers are TensorFlow's.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

// Whether of resource variables; on how many GPUs, the two variables on different ones.
class VariablesInBodiesTest : public ::testing::TestWithParam<std::tuple<bool, int>> {
 protected:
  using Values = std::vector<float>;

  Variable variable(const std::string& name, const Values& values, int gpu) const {
    const bool on_gpu = std::get<1>(GetParam()) > 0;
    const ScopeGuard there = device(on_gpu ? "/gpu:" + std::to_string(gpu) : std::string());
    return Variable(Tensor(values), {.name = name, .use_resource = std::get<0>(GetParam())});
  }
  Values run(const Output& output, const Feeds& feeds = {}) {
    return session_.run(output, feeds).to_vector<float>();
  }
  void restart() { session_.run({a_.initializer(), b_.initializer()}); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  const Variable a_ = variable("a", {1, 2}, 0), b_ = variable("b", {5, 6}, 1);
  const Output chosen_ = placeholder(bool_, {});
  Session session_{{.allow_soft_placement = true,
                    .emulated_gpus = std::get<1>(GetParam()),
                    .graph_growth_warning = false}};
};

INSTANTIATE_TEST_SUITE_P(All, VariablesInBodiesTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Values(0, 2)));

TEST_P(VariablesInBodiesTest, RoundsSeeWhatRoundsBeforeWrote) {
  const auto after_three_rounds_of = [&](const std::function<Output()>& step) {
    const auto body = [&](const std::vector<Output>& v) {
      const ScopeGuard behind = control_dependencies({step().op()});
      return std::vector<Output>{v[0] + 1};
    };
    const auto condition = [](const std::vector<Output>& v) { return v[0] < 3; };
    const Output rounds = while_loop(condition, body, {constant(0)})[0];
    restart();
    session_.run(rounds);
    return run(b_);
  };
  EXPECT_EQ(after_three_rounds_of([&] { return b_.assign(a_ + b_); }), (Values{8, 12}));
  EXPECT_EQ(after_three_rounds_of([&] { return b_.assign(a_ + b_.read_value()); }),
            (Values{8, 12}));
  EXPECT_EQ(after_three_rounds_of([&] { return b_.assign(identity(b_) * 2.0f); }),
            (Values{40, 48}));
  EXPECT_EQ(after_three_rounds_of([&] { return b_.assign_add(b_); }), (Values{40, 48}));
  EXPECT_EQ(after_three_rounds_of([&] {
              const ScopeGuard behind = control_dependencies({b_.assign_add(a_).op()});
              return b_.assign(b_ * 2.0f);
            }),
            (Values{54, 76}));
}

TEST_P(VariablesInBodiesTest, BranchesSeeWhatTheyWrote) {
  const auto in_a_branch = [&](const std::function<Output()>& read) {
    const auto branch = [&] {
      const ScopeGuard behind = control_dependencies({b_.assign_add(a_).op()});
      return read();
    };
    const Output result = cond(chosen_, branch, [&] { return b_ * 1.0f; });
    restart();
    return run(result, {{chosen_, Tensor(true)}});
  };
  EXPECT_EQ(in_a_branch([&] { return identity(b_) * 1.0f; }), (Values{6, 8}));
  EXPECT_EQ(in_a_branch([&] { return b_ + 0.0f; }), (Values{6, 8}));
  EXPECT_EQ(in_a_branch([&] { return b_.assign(b_ * 2.0f); }), (Values{12, 16}));
  EXPECT_EQ(in_a_branch([&] { return add_n({b_, a_}); }), (Values{7, 10}));
  EXPECT_EQ(in_a_branch([&] {
              return cond(
                  chosen_, [&] { return b_ + 0.0f; }, [&] { return b_ * 0.0f; });
            }),
            (Values{6, 8}));
}

// What was read before is what it was.
TEST_P(VariablesInBodiesTest, KeepWhatWasReadAroundThem) {
  const Output before = identity(b_) + 0.0f;
  const auto branch = [&] {
    const ScopeGuard behind = control_dependencies({b_.assign_add(a_).op()});
    return before * 1.0f;
  };
  const Output result = cond(chosen_, branch, [&] { return before; });
  restart();
  EXPECT_EQ(run(result, {{chosen_, Tensor(true)}}), (Values{5, 6}));
  EXPECT_EQ(run(b_), (Values{6, 8}));
}

// What a loop begins with is read before its body writes the variable, which may be on another GPU
// than the loop.
TEST_P(VariablesInBodiesTest, BeginALoopThatWritesThem) {
  const auto twice = [](const std::vector<Output>& v) { return v[0] < 2; };
  const auto add = [&](const std::vector<Output>& v) {
    const ScopeGuard behind = control_dependencies({b_.assign_add(a_).op()});
    return std::vector<Output>{v[0] + 1, v[1] + b_};
  };
  const auto loop_from = [&](const Input& first) {
    return while_loop(twice, add, {constant(0), first})[1];
  };
  for (const Input& first : {Input(b_), Input(b_.value()), Input(identity(b_))}) {
    const Output last = loop_from(first);
    restart();
    EXPECT_EQ(run(last), (Values{18, 24}));  // 5 + 6 + 7, 6 + 8 + 10
    EXPECT_EQ(run(b_), (Values{7, 10}));
  }
  const Output inner = cond(
      chosen_, [&] { return loop_from(b_); }, [&] { return b_ * 1.0f; });
  const auto outer_body = [&](const std::vector<Output>& v) {
    return std::vector<Output>{v[0] + 1, loop_from(b_) + v[1]};
  };
  const Output outer = while_loop(twice, outer_body, {constant(0), b_})[1];
  restart();
  EXPECT_EQ(run(inner, {{chosen_, Tensor(true)}}), (Values{18, 24}));
  restart();
  EXPECT_EQ(run(outer), (Values{47, 66}));  // 5 + 18 + 24, 6 + 24 + 36
  EXPECT_EQ(run(b_), (Values{9, 14}));
}

TEST_P(VariablesInBodiesTest, DecideOnBranchesThatWriteThem) {
  const bool is_resource = std::get<0>(GetParam());
  const int gpus = std::get<1>(GetParam());
  const ScopeGuard there = device(gpus > 0 ? "/gpu:1" : "");
  const Variable flag(true, {.name = "flag", .use_resource = is_resource});
  const Output turned = [&] {
    const ScopeGuard elsewhere = device(gpus > 0 ? "/gpu:0" : "");
    const auto set = [&](bool value, float answer) {
      const ScopeGuard behind = control_dependencies({flag.assign(value).op()});
      return constant({answer});
    };
    return cond(
        flag, [&] { return set(false, 1); }, [&] { return set(true, 2); });
  }();
  session_.run(flag.initializer());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run(turned), (Values{1}));
    EXPECT_EQ(run(turned), (Values{2}));
  }
}

// A branch that writes a variable takes what was read of it on another GPU.
TEST_P(VariablesInBodiesTest, AreTakenFromElsewhereByBranchesThatWriteThem) {
  const ScopeGuard here = device(std::get<1>(GetParam()) > 0 ? "/gpu:0" : "");
  const Output read = identity(b_);
  const auto branch = [&] {
    const ScopeGuard behind = control_dependencies({b_.assign_add(a_).op()});
    return cond(
        chosen_, [&] { return read + b_; }, [&] { return read; });
  };
  const Output result = cond(chosen_, branch, [&] { return read; });
  restart();
  EXPECT_EQ(run(result, {{chosen_, Tensor(true)}}), (Values{11, 14}));
  EXPECT_EQ(run(result, {{chosen_, Tensor(false)}}), (Values{6, 8}));
}

TEST_P(VariablesInBodiesTest, AreFedWhereTheyAreRead) {
  const auto twice = [&] { return b_ * 2.0f; };
  const Output one = cond(
      chosen_, [&] { return b_ * 1.0f; }, twice);
  const Output inner = cond(
      chosen_,
      [&] {
        return cond(
            chosen_, [&] { return b_ * 3.0f; }, twice);
      },
      twice);
  const auto add = [&](const std::vector<Output>& v) {
    return std::vector<Output>{v[0] + 1, v[1] + b_};
  };
  const Output sum = while_loop([](const std::vector<Output>& v) { return v[0] < 2; }, add,
                                {constant(0), zeros({2})})[1];
  const Output written = cond(
      chosen_, [&] { return b_.assign_add(a_) + 0.0f; }, twice);
  const Feeds feeds = {{b_, Tensor({1.0f, 1.0f})}, {chosen_, Tensor(true)}};
  for (int i = 0; i < 2; ++i) {  // it needs no value of its own
    EXPECT_EQ(run(one, feeds), (Values{1, 1}));
    EXPECT_EQ(run(inner, feeds), (Values{3, 3}));
    EXPECT_EQ(run(sum, feeds), (Values{2, 2}));
    EXPECT_ERROR(session_.run(written, feeds), InvalidArgumentError, bad_feed, "may not be fed");
    restart();
  }
  EXPECT_EQ(run(one, {{chosen_, Tensor(true)}}), (Values{5, 6}));
}

}  // namespace
}  // namespace tenon

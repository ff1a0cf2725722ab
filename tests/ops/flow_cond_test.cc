// Conditionals: what is taken, what happens then, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tenon/tenon.h"
#include "tests/ops/flow_testing.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class CondTest : public FlowTest {
 protected:
  Output taken_ = placeholder(bool_, {});
};

TEST_F(CondTest, AnswersWhatTheBranchThatIsTakenMakes) {
  const Output y = cond(
      taken_, [&] { return x_ * 2.0f; }, [&] { return x_ + 100.0f; });
  EXPECT_EQ(y.dtype(), float32);
  EXPECT_EQ(y.shape(), Shape());
  EXPECT_EQ(number(y, {{taken_, Tensor(true)}, {x_, Tensor(3.0f)}}), 6.0f);
  EXPECT_EQ(number(y, {{taken_, Tensor(false)}, {x_, Tensor(3.0f)}}), 103.0f);
}

TEST_F(CondTest, AnswersListsOfResults) {
  const std::vector<Output> both = cond(
      taken_,
      [&]() -> Returned {
        return {x_, 1, x_ * 2.0f};
      },
      [&]() -> Returned {
        return {x_ * 3.0f, 2, x_};
      });
  ASSERT_EQ(both.size(), 3u);
  const std::vector<Tensor> values =
      session_.run(both, {{taken_, Tensor(false)}, {x_, Tensor(2.0f)}});
  EXPECT_EQ(values[0].scalar<float>(), 6.0f);
  EXPECT_EQ(values[1].scalar<int32_t>(), 2);
  EXPECT_EQ(values[2].scalar<float>(), 2.0f);
}

TEST_F(CondTest, RunsSideEffectsOfTheBranchThatIsTakenAlone) {
  const Variable a = get_variable("a", {.initializer = Tensor(1.0f)}),
                 b = get_variable("b", {.initializer = Tensor(10.0f), .use_resource = true});
  const Output done = cond(
      taken_, [&] { return a.assign_add(1.0f); }, [&] { return b.assign_add(1.0f); });
  initialize();
  run(done, {{taken_, Tensor(true)}});
  run(done, {{taken_, Tensor(true)}});
  run(done, {{taken_, Tensor(false)}});
  EXPECT_EQ(number(a), 3.0f);
  EXPECT_EQ(number(b), 11.0f);
}

TEST_F(CondTest, RunsWhatWasMadeOutsideWhateverIsTaken) {
  const Variable a = get_variable("a", {.initializer = Tensor(1.0f)});
  const Output outside = a.assign_add(1.0f);
  const Output y = cond(
      taken_, [&] { return outside; }, [&] { return constant(-1.0f); });
  initialize();
  EXPECT_EQ(number(y, {{taken_, Tensor(false)}}), -1.0f);
  EXPECT_EQ(number(a), 2.0f);
}

TEST_F(CondTest, ABranchMayAnswerAnOperation) {
  const Variable a = get_variable("a", {.initializer = Tensor(1.0f)});
  const Output done = cond(
      taken_, [&] { return a.assign(5.0f).op(); }, [&] { return no_op(); });
  EXPECT_EQ(done.dtype(), bool_);
  initialize();
  run(done, {{taken_, Tensor(false)}});
  EXPECT_EQ(number(a), 1.0f);
  run(done, {{taken_, Tensor(true)}});
  EXPECT_EQ(number(a), 5.0f);
}

TEST_F(CondTest, InPlaceOfAnOperationStandsThePredicate) {
  const Output any = placeholder(bool_, Shape::unknown());
  const auto nothing = [] { return no_op(); };
  EXPECT_FALSE(cond(any, nothing, nothing).shape().has_rank());
  EXPECT_EQ(cond(taken_, nothing, nothing).shape(), Shape());
  EXPECT_EQ(cond(
                any, [] { return constant(1.0f); }, [] { return constant(2.0f); })
                .shape(),
            Shape());
}

TEST_F(CondTest, VariablesMadeInsideAreInitializedOutside) {
  const Output y = cond(
      taken_, [&] { return get_variable("w", {.initializer = Tensor(2.0f)}) * x_; },
      [&] { return Variable(3.0f, {.name = "u"}) * x_; });
  ASSERT_EQ(global_variables().size(), 2u);
  EXPECT_EQ(global_variables()[0].name(), "w:0");
  EXPECT_EQ(global_variables()[1].name(), "cond/u:0");
  initialize();
  EXPECT_EQ(number(y, {{taken_, Tensor(true)}, {x_, Tensor(2.0f)}}), 4.0f);
  EXPECT_EQ(number(y, {{taken_, Tensor(false)}, {x_, Tensor(2.0f)}}), 6.0f);
}

TEST_F(CondTest, ABranchThatIsNotTakenNeedsNoInitializedVariable) {
  const Variable a = get_variable("a", {.initializer = Tensor(1.0f), .use_resource = true});
  const Output y = cond(
      taken_, [&] { return a.read_value(); }, [&] { return constant(7.0f); });
  EXPECT_EQ(number(y, {{taken_, Tensor(false)}}), 7.0f);
  EXPECT_ERROR(run(y, {{taken_, Tensor(true)}}), FailedPreconditionError, uninitialized, "a");
}

TEST_F(CondTest, ConditionalsStandInsideOfEachOther) {
  const Output second = placeholder(bool_, {});
  const Output y = cond(
      taken_,
      [&] {
        return cond(
                   second, [&] { return x_ * 2.0f; }, [&] { return x_ * 3.0f; }) +
               1.0f;
      },
      [&] { return x_; });
  const auto value = [&](bool a, bool b) {
    return number(y, {{taken_, Tensor(a)}, {second, Tensor(b)}, {x_, Tensor(10.0f)}});
  };
  EXPECT_EQ(value(true, true), 21.0f);
  EXPECT_EQ(value(true, false), 31.0f);
  EXPECT_EQ(value(false, true), 10.0f);
}

TEST_F(CondTest, ShapesOfTheBranchesMerge) {
  const Output y = cond(
      taken_,
      [] {
        return zeros({2, 3});
      },
      [] {
        return zeros({2, 4});
      });
  EXPECT_EQ(y.shape(), Shape({2, -1}));
  const Output sum = reduce_sum(y + 1.0f);
  EXPECT_EQ(run(y, {{taken_, Tensor(true)}}).shape(), Shape({2, 3}));
  EXPECT_EQ(number(sum, {{taken_, Tensor(true)}}), 6.0f);
  EXPECT_EQ(number(sum, {{taken_, Tensor(false)}}), 8.0f);
}

TEST_F(CondTest, WhatABranchMadeMayBeUsedOutsideWhereItWasTaken) {
  Output inside;
  const Output y = cond(
      taken_,
      [&] {
        inside = x_ * 2.0f;
        return inside + 1.0f;
      },
      [&] { return x_; });
  const Output outside = inside * 10.0f;
  EXPECT_EQ(number(outside, {{taken_, Tensor(true)}, {x_, Tensor(1.0f)}}), 20.0f);
  EXPECT_ERROR(run(outside, {{taken_, Tensor(false)}, {x_, Tensor(1.0f)}}), FailedPreconditionError,
               not_computed, "wasn't taken");
  EXPECT_EQ(number(y, {{taken_, Tensor(false)}, {x_, Tensor(1.0f)}}), 1.0f);
  EXPECT_ERROR(run(inside, {{taken_, Tensor(true)}, {x_, Tensor(1.0f)}}), ValueError, bad_fetch,
               "inside a conditional");
}

TEST_F(CondTest, RefusesBranchesThatDontFitEachOther) {
  const auto one = [] { return constant(1.0f); };
  EXPECT_ERROR(cond(taken_, one, [] { return constant(1); }), ValueError, flow_mismatch, "float32");
  EXPECT_ERROR(cond(taken_, one,
                    []() -> Returned {
                      return {1.0f, 2.0f};
                    }),
               ValueError, flow_mismatch, "return 1 and 2");
  EXPECT_ERROR(cond(taken_, one, []() -> Returned { return {}; }), ValueError, bad_argument,
               "false_fn must have a return value");
  EXPECT_ERROR(cond(
                   taken_, [] { return Output(); }, one),
               ValueError, bad_argument, "None");
}

TEST_F(CondTest, RefusesPredicatesThatDecideNothing) {
  const auto one = [] { return constant(1.0f); };
  EXPECT_ERROR(cond(true, one, one), TypeError, bad_argument, "must be a tensor");
  EXPECT_ERROR(cond(x_, one, one), TypeError, dtype_incompatible, "must be a boolean");
  EXPECT_ERROR(cond(placeholder(bool_, {2}), one, one), ValueError, shape_incompatible,
               "must be a scalar");
}

TEST_F(CondTest, RefusesInitialValuesFromInside) {
  EXPECT_ERROR(cond(
                   taken_, [&] { return Variable(x_ * 2.0f) + 0.0f; }, [&] { return x_; }),
               ValueError, inside_control_flow, "inside a conditional");
}

TEST_F(CondTest, SaysWhereABranchFailed) {
  const Output rows = placeholder(float32, Shape::unknown());
  const Output y = cond(
      taken_,
      [&] {
        return matmul(rows, ones({2, 2}), {.name = "product"});
      },
      [&] { return rows; });
  const Tensor wrong(float32, {3, 3});
  EXPECT_EQ(run(y, {{taken_, Tensor(false)}, {rows, wrong}}).shape(), Shape({3, 3}));
  EXPECT_ERROR(run(y, {{taken_, Tensor(true)}, {rows, wrong}}), InvalidArgumentError,
               shape_incompatible, "cond/product");
}

TEST_F(CondTest, TheFirstCaseThatHoldsIsTaken) {
  const auto answer = [](float value) { return [value] { return constant(value); }; };
  const std::vector<CaseBranch> branches = {{less(x_, 1.0f), answer(1)},
                                            {less(x_, 2.0f), answer(2)}};
  const Output with = case_(branches, {.otherwise = answer(3)})[0], without = case_(branches)[0];
  for (const auto& [at, wanted] : {std::pair(0.5f, 1.0f), {1.5f, 2.0f}}) {
    EXPECT_EQ(number(with, {{x_, Tensor(at)}}), wanted);
    EXPECT_EQ(number(without, {{x_, Tensor(at)}}), wanted);
  }
  EXPECT_EQ(number(with, {{x_, Tensor(5.0f)}}), 3.0f);
  EXPECT_ERROR(run(without, {{x_, Tensor(5.0f)}}), InvalidArgumentError, assertion_failed,
               "None of the conditions");
  const Output exclusive = case_(branches, {.otherwise = answer(3), .exclusive = true})[0];
  EXPECT_EQ(number(exclusive, {{x_, Tensor(1.5f)}}), 2.0f);
  EXPECT_ERROR(run(exclusive, {{x_, Tensor(0.5f)}}), InvalidArgumentError, assertion_failed,
               "More than one condition");
}

TEST_F(CondTest, TheGradientIsThatOfTheBranchThatIsTaken) {
  const Variable w = get_variable("w", {.initializer = Tensor(2.0f), .use_resource = true}),
                 v = get_variable("v", {.initializer = Tensor(5.0f)});
  const Output y = cond(
      taken_, [&] { return square(x_) * w; }, [&] { return x_ * v * v; });
  const std::vector<Output> into = gradients({y}, {x_, w, v});
  initialize();
  std::vector<Tensor> values = session_.run(into, {{taken_, Tensor(true)}, {x_, Tensor(3.0f)}});
  EXPECT_EQ(values[0].scalar<float>(), 12.0f);
  EXPECT_EQ(values[1].scalar<float>(), 9.0f);
  EXPECT_EQ(values[2].scalar<float>(), 0.0f);
  values = session_.run(into, {{taken_, Tensor(false)}, {x_, Tensor(3.0f)}});
  EXPECT_EQ(values[0].scalar<float>(), 25.0f);
  EXPECT_EQ(values[1].scalar<float>(), 0.0f);
  EXPECT_EQ(values[2].scalar<float>(), 30.0f);
}

TEST_F(CondTest, GradientsOfGradientsGoThrough) {
  const Output y = cond(
      taken_, [&] { return x_ * x_ * x_; }, [&] { return square(x_); });
  const Output once = gradients({y}, {x_})[0], twice = gradients({once}, {x_})[0];
  EXPECT_EQ(number(twice, {{taken_, Tensor(true)}, {x_, Tensor(4.0f)}}), 24.0f);
  EXPECT_EQ(number(twice, {{taken_, Tensor(false)}, {x_, Tensor(4.0f)}}), 2.0f);
}

TEST_F(CondTest, APredicateOfUnknownShapeMustHaveOneElement) {
  const Output any = placeholder(bool_, Shape::unknown());
  const Output y = cond(
      any, [&] { return x_ + 1.0f; }, [&] { return x_ * 2.0f; });
  for (const Tensor& fed : {Tensor(bool_, {0}), Tensor({true, false})}) {
    EXPECT_THROW(run(y, {{any, fed}, {x_, Tensor(1.0f)}}), Error);
  }
  EXPECT_EQ(number(y, {{any, Tensor(true)}, {x_, Tensor(1.0f)}}), 2.0f);
}

}  // namespace
}  // namespace tenon

// Which variable get_variable answers: a new one, a shared one, or an error that says why.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using ReuseTest = OnAGraphOfItsOwn;

TEST_F(ReuseTest, SharesInAScopeEnteredForReuse) {
  Variable made;
  {
    auto scope = variable_scope("a");
    made = get_w();
  }
  auto scope = variable_scope("a", {.reuse = true});
  EXPECT_EQ(get_w(), made);
}

TEST_F(ReuseTest, SharesAfterReuseVariables) {
  auto scope = variable_scope("a");
  const Variable made = get_w();
  scope.reuse_variables();
  EXPECT_EQ(get_w(), made);
  EXPECT_EQ(global_variables().size(), 1u);
}

TEST_F(ReuseTest, MakesOrSharesUnderAutoReuse) {
  Variable made;
  {
    auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
    made = get_w();
  }
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  EXPECT_EQ(get_w(), made);
}

TEST_F(ReuseTest, InheritsReuseAndNothingTurnsItOff) {
  auto outer = variable_scope("a", {.reuse = true});
  auto inner = variable_scope("b", {.reuse = false});
  EXPECT_TRUE(inner.scope().reuse().is_true());
}

TEST_F(ReuseTest, ReplacesTrueByAutoReuseAndBack) {
  auto first = variable_scope("a", {.reuse = true});
  auto second = variable_scope("b", {.reuse = AUTO_REUSE});
  EXPECT_TRUE(second.scope().reuse().is_auto());
  auto third = variable_scope("c", {.reuse = true});
  EXPECT_TRUE(third.scope().reuse().is_true());
}

TEST_F(ReuseTest, TakesACapturedScopesOwnFlagInAJump) {
  const VariableScope kept = variable_scope("kept").scope();
  auto outer = variable_scope("outer", {.reuse = true});
  {
    auto jump = variable_scope(kept);
    EXPECT_FALSE(jump.scope().reuse());
    get_w();
  }
  auto jump = variable_scope(kept, {.reuse = true});
  EXPECT_EQ(get_w().name(), "kept/w:0");
}

TEST_F(ReuseTest, DoesNotShareWhatVariableMade) {
  const Variable v(Tensor(1.0f), {.name = "v"});
  auto scope = variable_scope(get_variable_scope(), {.reuse = true});
  expect_error<ValueError>(ErrorKind::does_not_exist,
                           {"Variable v does not exist, or was not created with tf.get_variable()",
                            "made by tenon::Variable at ", "reuse_test.cc:"},
                           [] { get_variable("v", {.shape = {}}); });
}

TEST_F(ReuseTest, RefusesASecondVariableOfOneName) {
  get_w();
  const std::vector<std::string> before = operations();
  expect_error<ValueError>(
      ErrorKind::already_exists,
      {"Variable w already exists, disallowed.", "{.reuse = tenon::AUTO_REUSE}"}, [] { get_w(); });
  EXPECT_EQ(operations(), before);
  EXPECT_EQ(global_variables().size(), 1u);
}

TEST_F(ReuseTest, NamesBothPlacesOfAVariableMadeTwice) {
  const int first = __LINE__ + 1;
  get_variable("w", {.shape = {1}});
  const int second = __LINE__ + 4;
  expect_error<ValueError>(
      ErrorKind::already_exists,
      {"reuse_test.cc:" + std::to_string(first), "reuse_test.cc:" + std::to_string(second)},
      [] { get_variable("w", {.shape = {1}}); });
}

TEST_F(ReuseTest, NamesTheNearestVariablesWhenOneIsMissing) {
  get_variable("weights", {.shape = {1}});
  get_variable("biases", {.shape = {1}});
  get_variable_scope().reuse_variables();
  const std::vector<std::string> before = operations();
  expect_error<ValueError>(ErrorKind::does_not_exist,
                           {"Variable weihgts does not exist, or was not created with "
                            "tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in "
                            "VarScope?",
                            "where reuse is on since ", "reuse_test.cc:", "weights"},
                           [] { get_variable("weihgts", {.shape = {1}}); });
  EXPECT_EQ(operations(), before);
}

TEST_F(ReuseTest, NamesTheScopeThatSwitchedReuseOn) {
  get_variable("w", {.shape = {2}});
  const int line = __LINE__ + 1;
  auto outer = variable_scope("outer", {.reuse = true});
  auto inner = variable_scope("inner");
  expect_error<ValueError>(
      ErrorKind::does_not_exist,
      {"in variable scope 'outer/inner', where reuse is on since ",
       "reuse_test.cc:" + std::to_string(line) + " (by variable scope 'outer')"},
      [] { get_w(); });
  auto root = variable_scope(get_variable_scope(), {.reuse = AUTO_REUSE});
  get_variable("v", {.shape = {2}});
  const std::string by = "AUTO_REUSE is on since ";
  expect_error<ValueError>(ErrorKind::shape_mismatch, {by, "(by it)", "give it another name"},
                           [] { get_variable("v", {.shape = {3}}); });
  expect_error<ValueError>(ErrorKind::dtype_mismatch, {by, "(by it)"},
                           [] { get_variable("v", {.dtype = int32}); });
}

TEST_F(ReuseTest, NamesBothPlacesWhereOneWantsPartsAndTheOtherNot) {
  const int first = __LINE__ + 1;
  get_variable("w", {.shape = {2}});
  expect_error<ValueError>(
      ErrorKind::partition_mismatch,
      {"made by get_variable at ", "reuse_test.cc:" + std::to_string(first),
       "asked for in parts at "},
      [] { get_variable("w", {.shape = {2}, .partitioner = fixed_size_partitioner(2)}); });
  get_variable("p", {.shape = {2}, .partitioner = fixed_size_partitioner(2)});
  expect_error<ValueError>(ErrorKind::partition_mismatch,
                           {"p/part_0", "made by get_variable at ", "asked for as a whole at "},
                           [] { get_variable("p", {.shape = {2}}); });
}

TEST_F(ReuseTest, FindsNoVariableUnderAnInvalidName) {
  get_variable_scope().reuse_variables();
  expect_error<ValueError>(ErrorKind::does_not_exist, {"Variable no way! does not exist"},
                           [] { get_variable("no way!", {.shape = {1}}); });
}

TEST_F(ReuseTest, RefusesAnotherShape) {
  get_variable("w", {.shape = {2}});
  get_variable_scope().reuse_variables();
  expect_error<ValueError>(
      ErrorKind::shape_mismatch,
      {"Trying to share variable w, but specified shape (3,) and found shape (2,)."},
      [] { get_variable("w", {.shape = {3}}); });
}

TEST_F(ReuseTest, AgreesWithUnknownSizesAndWithoutAShape) {
  const Variable made = get_variable("w", {.shape = {2, 3}});
  get_variable_scope().reuse_variables();
  EXPECT_EQ(get_variable("w", {.shape = {-1, 3}}), made);
  EXPECT_EQ(get_variable("w"), made);
}

TEST_F(ReuseTest, RefusesAnotherDtypeEvenWhenItIsTheDefault) {
  get_variable("i", {.shape = {1}, .dtype = int32});
  get_variable_scope().reuse_variables();
  expect_error<ValueError>(
      ErrorKind::dtype_mismatch,
      {"Trying to share variable i, but specified dtype float32 and found dtype int32."},
      [] { get_variable("i", {.shape = {1}}); });
  EXPECT_EQ(get_variable("i", {.dtype = int32}).dtype(), int32);
}

TEST_F(ReuseTest, RefusesAValueTogetherWithAShapeEvenToShare) {
  get_variable("w", {.shape = {2}});
  get_variable_scope().reuse_variables();
  expect_error<ValueError>(ErrorKind::constant_with_shape,
                           {"If initializer is a constant, do not specify shape."}, [] {
                             get_variable("w", {.shape = {2}, .initializer = {1.0f, 2.0f}});
                           });
}

TEST_F(ReuseTest, IgnoresTheInitialValueOfASharedVariable) {
  const Variable made = get_variable("w", {.initializer = {1.0f, 2.0f}});
  get_variable_scope().reuse_variables();
  EXPECT_EQ(get_variable("w", {.initializer = Tensor(3.0f)}), made);
}

TEST_F(ReuseTest, AddsTheRegularizersLossOnceForASharedVariable) {
  auto scope = variable_scope("a", {.regularizer = l2_regularizer(0.5), .reuse = AUTO_REUSE});
  get_w();
  get_w();
  const std::vector<Output> losses = get_collection<Output>(GraphKeys::REGULARIZATION_LOSSES);
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].name(), "a/w/Regularizer/l2_regularizer:0");
}

}  // namespace
}  // namespace tenon

// Initial values from checkpoints that TensorFlow wrote (tests/io/data): which variable takes which
// tensor, and what is refused. Names and messages are TensorFlow's.
#include "tenon/init_from_checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/tensors.h"

namespace tenon::train {
namespace {

using test::numbers_of;
using testing::Each;
using testing::ElementsAre;

const std::string kV2 = TENON_SOURCE_DIR "/tests/io/data/v2";

class InitFromCheckpointTest : public testing::Test {
 protected:
  static Variable zeros_of(const std::string& name, const Shape& shape, DType dtype = float32,
                           Partitioner partitioner = {}) {
    return get_variable(name, {.shape = shape,
                               .dtype = dtype,
                               .initializer = zeros_initializer(),
                               .partitioner = std::move(partitioner)});
  }
  std::vector<double> initial(const Variable& variable) {
    Session session;
    session.run(global_variables_initializer());
    return numbers_of(session.run(variable));
  }
  std::vector<double> sequence(double first, int count) {
    std::vector<double> all;
    for (int i = 0; i < count; ++i) all.push_back(first + i);
    return all;
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  std::vector<double> floats_ = {-2, -0.5, 1, 2.5, 4, 5.5};  // of the tensor all/float32
};

TEST_F(InitFromCheckpointTest, GivesAVariableItsValue) {
  for (const bool resource : {false, true}) {
    const Graph graph;
    const auto as_default = graph.as_default();
    auto scope = variable_scope("new", {.use_resource = resource});
    const Variable w = zeros_of("w", {2, 3}), x = zeros_of("x", {2, 3}), y = zeros_of("y", {2, 3});
    init_from_checkpoint(kV2, {{"all/float32", "new/w"}});
    init_from_checkpoint(kV2, {{"all/float32", x}});
    EXPECT_EQ(w.initial_value().name(), "new/checkpoint_initializer:0");
    EXPECT_EQ(w.initializer().name(), resource ? "new/AssignVariableOp" : "new/Assign");
    EXPECT_EQ(initial(w), floats_);
    EXPECT_EQ(initial(x), floats_);
    EXPECT_THAT(initial(y), Each(0));
  }
}

// TensorFlow adds five operations for a variable, six for a resource: seeds count them.
TEST_F(InitFromCheckpointTest, SeedsComeOutAsTensorFlows) {
  for (const bool resource : {false, true}) {
    std::vector<std::vector<double>> drawn;
    for (const bool from_checkpoint : {false, true}) {
      const Graph graph;
      const auto as_default = graph.as_default();
      set_random_seed(1);
      get_variable("w", {.shape = {2, 3}, .use_resource = resource});
      if (from_checkpoint) {
        init_from_checkpoint(kV2, {{"all/float32", "w"}});
      } else {
        for (int i = 0; i < (resource ? 6 : 5); ++i) no_op();
      }
      drawn.push_back(numbers_of(Session().run(random_uniform({4}))));
    }
    EXPECT_EQ(drawn[0], drawn[1]);
  }
}

TEST_F(InitFromCheckpointTest, GivesAScopeItsValues) {
  Variable w, i, other = zeros_of("other", {2, 3});
  {
    auto scope = variable_scope("new/deep");
    w = zeros_of("float32", {2, 3});
    i = zeros_of("int64", {2, 3}, int64);
  }
  init_from_checkpoint(kV2, {{"all/", "new/deep/"}});
  EXPECT_EQ(initial(w), floats_);
  EXPECT_THAT(initial(i), ElementsAre(-2, 0, 1, 2, 4, 5));
  EXPECT_THAT(initial(other), Each(0));
}

TEST_F(InitFromCheckpointTest, TakesTheRootForAScope) {
  Variable inside, outside;
  {
    auto scope = variable_scope("new");
    inside = zeros_of("scalar", {});
  }
  init_from_checkpoint(kV2, {{"/", "new/"}});
  EXPECT_THAT(initial(inside), ElementsAre(3.25));
  const Graph graph;
  const auto as_default = graph.as_default();
  outside = zeros_of("scalar", {});
  const Variable w = zeros_of("all/float32", {2, 3});
  init_from_checkpoint(kV2, {{"/", "/"}});
  EXPECT_THAT(initial(outside), ElementsAre(3.25));
  EXPECT_EQ(initial(w), floats_);
}

TEST_F(InitFromCheckpointTest, TakesPartsInto) {
  const Variable rows = zeros_of("new/rows", {70, 3}, float32, fixed_size_partitioner(4));
  const Variable columns = zeros_of("new/columns", {2, 4}, int32, fixed_size_partitioner(2, 1));
  init_from_checkpoint(kV2, {{"parts/", "new/"}});
  EXPECT_EQ(initial(rows), sequence(0, 210));
  EXPECT_EQ(initial(columns), sequence(0, 8));
  EXPECT_EQ(rows.parts()[1].initial_value().name(), "checkpoint_initializer_3:0");
}

TEST_F(InitFromCheckpointTest, TakesPartsThatAreGivenAndJoinsThoseOfTheFile) {
  const Variable a = zeros_of("a", {70, 3}, float32, fixed_size_partitioner(5));
  const Variable b = zeros_of("b", {70, 3}),
                 c = zeros_of("c", {70, 3}, float32, fixed_size_partitioner(2));
  init_from_checkpoint(kV2, {{"parts/rows", a.parts()}, {"parts/rows", b}, {"parts/rows", c}});
  for (const Variable& variable : {a, b, c}) EXPECT_EQ(initial(variable), sequence(0, 210));
}

TEST_F(InitFromCheckpointTest, ReadsV1) {
  const Variable w = zeros_of("w", {2, 3});
  init_from_checkpoint(TENON_SOURCE_DIR "/tests/io/data/v1.ckpt", {{"all/float32", "w"}});
  EXPECT_EQ(initial(w), floats_);
}

TEST_F(InitFromCheckpointTest, ASaverStillRestoresThem) {
  const Variable w = zeros_of("all/float32", {2, 3});
  init_from_checkpoint(kV2, {{"scalar", zeros_of("s", {})}, {"all/float32", w}});
  Session session;
  Saver({.var_list = {{w}}}).restore(session, kV2);
  EXPECT_EQ(numbers_of(session.run(w)), floats_);
}

TEST_F(InitFromCheckpointTest, ChangesNothingWhereSomethingDoesntFit) {
  const Variable w = zeros_of("new/w", {2, 3}), s = zeros_of("new/s", {});
  const size_t operations = graph_.operations().size();
  const auto refuse = [&](const char* tensor, const AssignmentTarget& target) {
    init_from_checkpoint(kV2, {{"all/float32", w}, {tensor, target}});
  };
  EXPECT_ERROR(refuse("all/float", "new/s"), ValueError, not_in_checkpoint,
               "Tensor all/float is not found in " + kV2 + " checkpoint; there is all/float");
  EXPECT_ERROR(refuse("all/int64", "new/x"), ValueError, does_not_exist,
               "Assignment map with scope only name new should map to scope only all/int64. Should "
               "be 'scope/': 'other_scope/'.");
  EXPECT_ERROR(refuse("all/", "new/"), ValueError, not_in_checkpoint,
               "Tensor all/s (s in all/) is not found in ");
  EXPECT_ERROR(refuse("all/", "/"), ValueError, not_in_checkpoint,
               "Tensor all/new/s (ew/s in all/) is not found");
  EXPECT_ERROR(refuse("all/int8", s), ValueError, shape_incompatible,
               "Shape of variable new/s:0 (()) doesn't match with shape of tensor all/int8 ((2, "
               "3)) from checkpoint reader.");
  EXPECT_ERROR(refuse("global_step", s), ValueError, dtype_incompatible,
               "Variable new/s:0 is of dtype float32, tensor global_step of int64");
  const Variable a = zeros_of("a", {4}, float32, fixed_size_partitioner(2)),
                 b = zeros_of("b", {4}, float32, fixed_size_partitioner(2));
  const std::vector<Variable> mixed = {a.parts()[0], b.parts()[1]};
  EXPECT_ERROR(refuse("scalar", mixed), ValueError, bad_argument,
               "Slices must all be from the same tensor: b != a");
  EXPECT_ERROR(init_from_checkpoint("/nowhere/x", {{"a", "b"}}), NotFoundError, no_such_file,
               "/nowhere/x");
  EXPECT_GT(graph_.operations().size(), operations);  // a and b
  EXPECT_THAT(initial(w), Each(0));
}

TEST_F(InitFromCheckpointTest, AScopeWithoutVariablesTakesNothing) {
  const Variable w = zeros_of("w", {2, 3});
  init_from_checkpoint(kV2, {{"all/", "nothing/"}});
  EXPECT_THAT(initial(w), Each(0));
}

class WarmStartTest : public InitFromCheckpointTest {
 protected:
  Variable w_ = zeros_of("all/float32", {2, 3});
  Variable d_ = get_variable(
      "all/float64",
      {.shape = {2, 3}, .dtype = float64, .initializer = zeros_initializer(), .trainable = false});
  Variable other_ = zeros_of("other", {});
};

TEST_F(WarmStartTest, TakesTrainableVariablesByARegularExpression) {
  warm_start(kV2, "all");
  EXPECT_EQ(initial(w_), floats_);
  EXPECT_THAT(initial(d_), Each(0));
  EXPECT_THAT(initial(other_), Each(0));
}

TEST_F(WarmStartTest, TakesAllTrainableVariablesUnlessItIsTold) {
  EXPECT_ERROR(warm_start(kV2), ValueError, not_in_checkpoint, "Tensor other is not found in ");
  EXPECT_THAT(initial(w_), Each(0));
  warm_start(kV2, ".*", {{"other", "scalar"}});
  EXPECT_EQ(initial(w_), floats_);
  EXPECT_THAT(initial(d_), Each(0));
  EXPECT_THAT(initial(other_), ElementsAre(3.25));
}

TEST_F(WarmStartTest, TakesAListOfScopesOrVariables) {
  warm_start(kV2, {"all/float64"});
  EXPECT_THAT(initial(w_), Each(0));
  EXPECT_EQ(initial(d_), floats_);
  warm_start(kV2, {other_}, {{"other", "scalar"}});
  EXPECT_THAT(initial(other_), ElementsAre(3.25));
  warm_start(kV2, std::vector<Variable>{});
  EXPECT_THAT(initial(w_), Each(0));
}

TEST_F(WarmStartTest, TakesPartsUnderTheNameOfTheWhole) {
  const Variable rows = zeros_of("parts/rows", {70, 3}, float32, fixed_size_partitioner(2));
  const Variable renamed = zeros_of("renamed", {70, 3}, float32, fixed_size_partitioner(2));
  warm_start(kV2, "parts|renamed", {{"renamed", "parts/rows"}});
  EXPECT_EQ(initial(rows), sequence(0, 210));
  EXPECT_EQ(initial(renamed), sequence(0, 210));
}

TEST_F(WarmStartTest, RefusesNamesThatItDoesntUse) {
  EXPECT_ERROR(warm_start(kV2, "all", {{"other", "scalar"}}), ValueError, bad_argument,
               "You provided the following variables in var_name_to_prev_var_name that were not "
               "used: other.  Perhaps you misspelled them?  Here is the list of viable variable "
               "names: all/float32");
  EXPECT_ERROR(warm_start(kV2, {"all", "all/float64"}), ValueError, bad_argument,
               "At least two variables have the same name: all/float64");
  EXPECT_THAT(initial(w_), Each(0));
}

}  // namespace
}  // namespace tenon::train

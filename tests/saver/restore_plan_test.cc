// What a restore will do, said before it is done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenon/checkpoint.h"
#include "tenon/saver.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::train {
namespace {

using test::numbers_of;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using Outcome = RestorePlan::Outcome;

Variable variable(const std::string& name, const Tensor& value) {
  return Variable(value, {.name = name});
}

// A checkpoint of four tensors, and a graph without variables.
class RestorePlanTest : public testing::Test {
 protected:
  RestorePlanTest() {
    const Graph graph;
    const auto as_default = graph.as_default();
    variable("old/w", Tensor({1.0f, 2.0f}));
    variable("old/b", Tensor({3.0f, 4.0f, 5.0f}));
    variable("count", Tensor({int32_t{7}}));
    variable("matrix", Tensor({{1.0f, 2.0f}, {3.0f, 4.0f}}));
    Session session(graph);
    session.run(global_variables_initializer());
    path_ = Saver().save(session, folder_ / "m");
  }

  TemporaryFolder folder_;
  std::string path_;
  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
};

TEST_F(RestorePlanTest, SaysEverythingAtOnce) {
  variable("old/w", Tensor({0.0f, 0.0f}));
  variable("old/bb", Tensor({0.0f, 0.0f, 0.0f}));
  variable("count", Tensor({0.0f}));
  variable("matrix", Tensor({0.0f, 0.0f}));
  Session session;
  const std::string expected =
      "Checkpoint " + path_ +
      ": 1 of 4 variables restored\n"
      "  other dtype: count is of dtype float32, in the checkpoint of int32\n"
      "  other shape: matrix is of shape (2,), in the checkpoint of (2, 2)\n"
      "  missing:     old/bb, float32 (3,); the checkpoint has old/b, old/w\n"
      "  extra:       old/b\n"
      "  restored:    old/w, float32 (2,)\n";
  Saver saver;
  const RestorePlan plan = saver.plan(session, path_);
  EXPECT_EQ(plan.to_string(), expected);
  EXPECT_FALSE(plan.complete());
  EXPECT_THAT(plan.extra, ElementsAre("old/b"));
  EXPECT_ERROR(saver.restore(session, path_), NotFoundError, not_in_checkpoint,
               "Restoring from checkpoint failed. This is most likely due to a Variable name or "
               "other graph key that is missing from the checkpoint. Please ensure that you have "
               "not altered the graph expected based on the checkpoint.\n" +
                   expected);
}

TEST_F(RestorePlanTest, ChangesNothingWhereItIsntComplete) {
  const Variable w = variable("old/w", Tensor({0.0f, 0.0f}));
  variable("none", Tensor(1.0f));
  Session session;
  session.run(global_variables_initializer());
  EXPECT_THROW(Saver().restore(session, path_), NotFoundError);
  EXPECT_EQ(numbers_of(session.run(w)), (std::vector<double>{0, 0}));
}

TEST_F(RestorePlanTest, TellsShapesAndDtypesApart) {
  const Variable m = variable("matrix", Tensor({0.0f, 0.0f, 0.0f}));
  Session session;
  EXPECT_ERROR(Saver({.var_list = {{m}}}).restore(session, path_), InvalidArgumentError,
               shape_incompatible, "matrix is of shape (3,), in the checkpoint of (2, 2)");
  const Variable k = variable("count", Tensor({int64_t{0}}));
  EXPECT_ERROR(Saver({.var_list = {{k}}}).restore(session, path_), InvalidArgumentError,
               dtype_incompatible, "count is of dtype int64, in the checkpoint of int32");
}

TEST_F(RestorePlanTest, RestoresWhatFitsWhereThatIsEnough) {
  const Variable w = variable("old/w", Tensor({0.0f, 0.0f}));
  const Variable other = variable("other", Tensor(9.0f));
  Session session;
  session.run(global_variables_initializer());
  const RestorePlan plan = Saver().restore(session, path_, {.partial = true});
  EXPECT_EQ(plan.entries[1].outcome, Outcome::missing);
  EXPECT_EQ(numbers_of(session.run(w)), (std::vector<double>{1, 2}));
  EXPECT_EQ(session.run(other).scalar<float>(), 9.0f);
}

TEST_F(RestorePlanTest, TakesNamesAndOneTensorForSeveralVariables) {
  const Variable a = variable("a", Tensor({0.0f, 0.0f})), b = variable("b", Tensor({0.0f, 0.0f}));
  Session session;
  Saver().restore(session, path_, {.names = {{"a", "old/w"}, {"b", "old/w"}}});
  EXPECT_EQ(numbers_of(session.run(a)), (std::vector<double>{1, 2}));
  EXPECT_EQ(numbers_of(session.run(b)), (std::vector<double>{1, 2}));
  EXPECT_ERROR(Saver().restore(session, path_, {.names = {{"c", "old/w"}}}), ValueError,
               bad_argument, "The saver has no variable c to restore from old/w");
}

TEST_F(RestorePlanTest, RenamesByRegularExpressions) {
  const Variable w = variable("new/layer/w", Tensor({0.0f, 0.0f}));
  const Variable b = variable("new/layer/b", Tensor({0.0f, 0.0f, 0.0f}));
  Session session;
  const RestorePlan plan =
      Saver().restore(session, path_, {.renames = {{"^new/", ""}, {"^layer/(.)$", "old/$1"}}});
  EXPECT_THAT(plan.to_string(), HasSubstr("restored:    new/layer/w from old/w"));
  EXPECT_EQ(numbers_of(session.run(w)), (std::vector<double>{1, 2}));
  EXPECT_ERROR(Saver().plan(session, path_, {.renames = {{"(", ""}}}), ValueError, bad_argument,
               "'(' is not a regular expression");
}

TEST_F(RestorePlanTest, ReshapesWhereThatIsAskedFor) {
  const Variable m = variable("matrix", Tensor({0.0f, 0.0f, 0.0f, 0.0f}));
  Session session;
  const RestorePlan plan = Saver({.reshape = true}).restore(session, path_);
  EXPECT_EQ(numbers_of(session.run(m)), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_THAT(plan.to_string(), HasSubstr("reshaped of (2, 2)"));
}

TEST_F(RestorePlanTest, RefusesWhatIsNoCheckpoint) {
  variable("w", Tensor(0.0f));
  Session session;
  for (const std::string& path : {folder_ / "none", std::string()}) {
    EXPECT_ERROR(Saver().restore(session, path), ValueError, no_such_file,
                 "The passed save_path is not a valid checkpoint: " + path);
  }
}

}  // namespace
}  // namespace tenon::train

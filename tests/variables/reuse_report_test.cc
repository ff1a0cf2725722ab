// What AUTO_REUSE reports: what it made, what it found, and for which scope.
#include <sstream>

#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using ReuseReportTest = OnAGraphOfItsOwn;

std::vector<std::string> names(const std::vector<ReuseReport::Entry>& entries) {
  std::vector<std::string> found;
  for (const ReuseReport::Entry& entry : entries) found.push_back(entry.variable.name());
  return found;
}

Variable get(const char* name) { return get_variable(name, {.shape = {1}}); }

TEST_F(ReuseReportTest, ListsWhatWasMadeAndThenWhatWasFound) {
  {
    auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
    get("v");
    get("w");
    EXPECT_THAT(names(scope.reuse_report().made), ElementsAre("a/v:0", "a/w:0"));
    EXPECT_THAT(names(scope.reuse_report().found), IsEmpty());
  }
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  get("w");
  get("x");
  EXPECT_THAT(names(scope.reuse_report().made), ElementsAre("a/x:0"));
  EXPECT_THAT(names(scope.reuse_report().found), ElementsAre("a/w:0"));
}

TEST_F(ReuseReportTest, ListsTwiceWhatWasMadeAndAskedForAgain) {
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  for (int i = 0; i < 3; ++i) get("v");
  EXPECT_THAT(names(scope.reuse_report().made), ElementsAre("a/v:0"));
  EXPECT_THAT(names(scope.reuse_report().found), ElementsAre("a/v:0"));
}

TEST_F(ReuseReportTest, CountsScopesInsideAndEntriesAgain) {
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  {
    auto inner = variable_scope("b");
    get("v");
    EXPECT_THAT(names(inner.reuse_report().made), ElementsAre("a/b/v:0"));
  }
  {
    auto again = variable_scope(scope.scope());
    get("w");
  }
  EXPECT_THAT(names(scope.reuse_report().made), ElementsAre("a/b/v:0", "a/w:0"));
}

TEST_F(ReuseReportTest, ListsAPartitionedVariableAsOne) {
  auto scope = variable_scope("a", {.partitioner = fixed_size_partitioner(2), .reuse = AUTO_REUSE});
  for (int i = 0; i < 2; ++i) get_variable("p", {.shape = {4}});
  EXPECT_THAT(names(scope.reuse_report().made), ElementsAre("a/p"));
  EXPECT_THAT(names(scope.reuse_report().found), ElementsAre("a/p"));
}

TEST_F(ReuseReportTest, IsEmptyWhereNothingWasChosen) {
  auto scope = variable_scope("a");
  get("v");
  EXPECT_THAT(scope.reuse_report().made, IsEmpty());
  scope.reuse_variables();
  get("v");
  EXPECT_THAT(scope.reuse_report().found, IsEmpty());
}

TEST_F(ReuseReportTest, LeavesOutWhatCouldNotBeMade) {
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  expect_error<ValueError>(ErrorKind::no_shape, {"a/v"}, [] { get_variable("v"); });
  EXPECT_THAT(scope.reuse_report().made, IsEmpty());
}

TEST_F(ReuseReportTest, PrintsEachVariableWithItsPlace) {
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  const int line = __LINE__ + 1;
  get_variable("v", {.shape = {1}});
  std::ostringstream text;
  text << scope.reuse_report();
  EXPECT_THAT(text.str(), HasSubstr("made 1:\n  a/v:0 at "));
  EXPECT_THAT(text.str(), HasSubstr("reuse_report_test.cc:" + std::to_string(line) + "\nfound 0"));
}

}  // namespace
}  // namespace tenon

// Names: of variables, of scopes, and of the operations made in them.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using VariableScopeTest = OnAGraphOfItsOwn;

TEST_F(VariableScopeTest, NamesVariablesAfterAllScopesAroundThem) {
  auto a = variable_scope("a");
  auto b = variable_scope("b");
  EXPECT_EQ(get_w().name(), "a/b/w:0");
  EXPECT_EQ(b.name(), "a/b");
  EXPECT_EQ(b.original_name_scope(), "a/b/");
  EXPECT_EQ(graph.name_scope(), "a/b");
}

TEST_F(VariableScopeTest, OpensANewNameScopeAtEachEntry) {
  { auto first = variable_scope("a"); }
  auto second = variable_scope("a");
  EXPECT_EQ(second.name(), "a");
  EXPECT_EQ(second.original_name_scope(), "a_1/");
  EXPECT_EQ(get_w().name(), "a/w:0");
  EXPECT_EQ(no_op({.name = "x"}).name(), "a_1/x");
}

TEST_F(VariableScopeTest, IgnoresNameScopesInVariablesNames) {
  auto a = variable_scope("a");
  auto names = name_scope("n");
  EXPECT_EQ(get_w().name(), "a/w:0");
  EXPECT_EQ(no_op({.name = "x"}).name(), "a/n/x");
}

TEST_F(VariableScopeTest, TakesTheGraphsNameAway) {
  { auto b = variable_scope("b"); }
  const Variable b = get_variable("b", {.shape = {1}});
  EXPECT_EQ(b.name(), "b_1:0");
  expect_error<ValueError>(ErrorKind::already_exists, {"Variable b already exists"},
                           [] { get_variable("b", {.shape = {1}}); });
}

TEST_F(VariableScopeTest, EntersACapturedScopeFromAnywhere) {
  VariableScope kept;
  {
    auto x = variable_scope("x");
    kept = variable_scope("tower").scope();
  }
  auto outer = variable_scope("outer");
  auto inner = variable_scope(kept);
  EXPECT_EQ(get_w().name(), "x/tower/w:0");
  EXPECT_EQ(graph.name_scope(), "outer/tower");
  EXPECT_EQ(inner.original_name_scope(), "x/tower/");
  EXPECT_NE(inner.scope(), kept);
}

TEST_F(VariableScopeTest, ReentersTheRootWithoutANameScope) {
  const VariableScope root = get_variable_scope();
  auto a = variable_scope("a");
  auto again = variable_scope(root);
  EXPECT_EQ(get_w().name(), "w:0");
  EXPECT_EQ(graph.name_scope(), "a");
}

TEST_F(VariableScopeTest, OpensNoNameScopeWithoutAnAuxiliaryOne) {
  auto n = name_scope("n");
  auto a = variable_scope("a", {.auxiliary_name_scope = false});
  EXPECT_EQ(graph.name_scope(), "n");
  EXPECT_EQ(a.original_name_scope(), "n/");
  EXPECT_EQ(get_w().name(), "a/w:0");
}

TEST_F(VariableScopeTest, KeepsAnEmptyNameAsTensorFlowDoes) {
  auto a = variable_scope("a");
  auto empty = variable_scope("");
  EXPECT_EQ(empty.name(), "a/");
  EXPECT_EQ(empty.original_name_scope(), "");
  EXPECT_EQ(get_w().name(), "a//w:0");
}

TEST_F(VariableScopeTest, CountsDefaultNamesUnderTheSameParent) {
  std::vector<std::string> names;
  for (int i = 0; i < 3; ++i) names.push_back(variable_scope({.default_name = "layer"}).name());
  {
    auto outer = variable_scope("outer");
    names.push_back(variable_scope({.default_name = "layer"}).name());
  }
  EXPECT_THAT(names, ElementsAre("layer", "layer_1", "layer_2", "outer/layer"));
}

TEST_F(VariableScopeTest, CountsDefaultNamesAnewWhenTheParentIsEnteredAgain) {
  for (int i = 0; i < 2; ++i) {
    auto outer = variable_scope("outer");
    EXPECT_EQ(variable_scope({.default_name = "layer"}).name(), "outer/layer");
    EXPECT_EQ(variable_scope({.default_name = "layer"}).name(), "outer/layer_1");
  }
}

TEST_F(VariableScopeTest, CountsExplicitNamesForDefaultNamesToo) {
  { auto explicit_name = variable_scope("layer"); }
  EXPECT_EQ(variable_scope({.default_name = "layer"}).name(), "layer_1");
}

TEST_F(VariableScopeTest, RestoresTheCountsWhenAJumpIsLeft) {
  const VariableScope kept = variable_scope("kept").scope();
  {
    auto jump = variable_scope(kept);
    EXPECT_EQ(variable_scope({.default_name = "layer"}).name(), "kept/layer");
    EXPECT_EQ(variable_scope({.default_name = "layer"}).name(), "kept/layer_1");
  }
  auto jump = variable_scope(kept);
  EXPECT_EQ(variable_scope({.default_name = "layer"}).name(), "kept/layer");
}

TEST_F(VariableScopeTest, PassesDefaultsOnToInnerScopesButNotConstraints) {
  const Constraint constraint = [](const Output& value) { return value; };
  auto a = variable_scope("a", {.initializer = zeros_initializer,
                                .caching_device = "/cpu:0",
                                .dtype = float64,
                                .use_resource = true,
                                .constraint = constraint});
  auto b = variable_scope("b");
  EXPECT_TRUE(b.scope().initializer());
  EXPECT_EQ(b.scope().caching_device().name(), "/cpu:0");
  EXPECT_EQ(b.scope().dtype(), float64);
  EXPECT_EQ(b.scope().use_resource(), true);
  EXPECT_TRUE(a.scope().constraint());
  EXPECT_FALSE(b.scope().constraint());
  EXPECT_EQ(get_w().dtype(), float64);
}

TEST_F(VariableScopeTest, SettersChangeTheScopeTheyAreCalledOnAlone) {
  auto a = variable_scope("a");
  auto b = variable_scope("b");
  a.scope().set_dtype(float64);
  EXPECT_EQ(get_variable_scope().dtype(), float32);
  b.scope().set_initializer(ones_initializer);
  EXPECT_TRUE(get_variable_scope().initializer());
  EXPECT_FALSE(a.scope().initializer());
}

TEST_F(VariableScopeTest, LeavesByHandleInReverseOrder) {
  auto [outer, a] = enter_variable_scope("a");
  auto [inner, b] = enter_variable_scope("b");
  EXPECT_EQ(get_variable_scope(), b);
  inner.exit();
  EXPECT_EQ(get_variable_scope(), a);
  EXPECT_EQ(graph.name_scope(), "a");
  outer.exit();
  EXPECT_EQ(get_variable_scope().name(), "");
  EXPECT_EQ(graph.name_scope(), "");
}

TEST_F(VariableScopeTest, RefusesAScopeWithoutAnyName) {
  expect_error<TypeError>(ErrorKind::no_name, {"name_or_scope is required"},
                          [] { auto scope = variable_scope(VariableScopeOptions()); });
}

TEST_F(VariableScopeTest, RefusesReuseWithoutAName) {
  for (const Reuse reuse : {Reuse(true), Reuse(AUTO_REUSE)}) {
    expect_error<ValueError>(
        ErrorKind::bad_reuse, {"reuse=True cannot be used without a name_or_scope", "'layer'"},
        [&] { auto scope = variable_scope({.default_name = "layer", .reuse = reuse}); });
  }
}

TEST_F(VariableScopeTest, StaysOutsideWhenAScopesNameIsInvalid) {
  expect_error<ValueError>(ErrorKind::invalid_name, {"'bad name!'"},
                           [] { auto scope = variable_scope("bad name!"); });
  EXPECT_EQ(get_variable_scope().name(), "");
  EXPECT_EQ(graph.name_scope(), "");
  EXPECT_EQ(get_w().name(), "w:0");
}

TEST_F(VariableScopeTest, RefusesAnEmptyHandle) {
  expect_error<ValueError>(ErrorKind::bad_argument, {"empty VariableScope"},
                           [] { auto scope = variable_scope(VariableScope()); });
}

TEST_F(VariableScopeTest, BelongsToTheGraphOfItsValues) {
  Output elsewhere;
  Graph other;
  {
    auto there = other.as_default();
    elsewhere = constant(1.0f);
  }
  auto scope = variable_scope("a", {.values = {elsewhere}});
  EXPECT_EQ(get_default_graph(), other);
  EXPECT_EQ(get_w().graph(), other);
}

}  // namespace
}  // namespace tenon

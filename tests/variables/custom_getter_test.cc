// Custom getters: what they are given, in which order they are called, what they may return.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using CustomGetterTest = OnAGraphOfItsOwn;

CustomGetter renaming(const std::string& suffix) {
  return [suffix](const Getter& getter, const std::string& name,
                  const GetVariableOptions& options) { return getter(name + suffix, options); };
}

CustomGetter noting(std::vector<std::string>& log, const std::string& tag) {
  return [&log, tag](const Getter& getter, const std::string& name,
                     const GetVariableOptions& options) {
    log.push_back(tag + " " + name);
    return getter(name, options);
  };
}

TEST_F(CustomGetterTest, IsGivenTheFullName) {
  std::vector<std::string> log;
  auto a = variable_scope("a", {.custom_getter = noting(log, "a")});
  get_w();
  EXPECT_THAT(log, ElementsAre("a a/w"));
}

TEST_F(CustomGetterTest, IsCalledInnermostFirst) {
  std::vector<std::string> log;
  auto a = variable_scope("a", {.custom_getter = noting(log, "outer")});
  auto b = variable_scope("b", {.custom_getter = noting(log, "inner")});
  get_w();
  EXPECT_THAT(log, ElementsAre("inner a/b/w", "outer a/b/w"));
}

TEST_F(CustomGetterTest, GivenToGetVariableReplacesThoseOfTheScopes) {
  std::vector<std::string> log;
  auto a = variable_scope("a", {.custom_getter = noting(log, "scope")});
  get_variable("w", {.shape = {1}, .custom_getter = noting(log, "own")});
  EXPECT_THAT(log, ElementsAre("own a/w"));
}

TEST_F(CustomGetterTest, FindsTheArgumentsFilledIn) {
  GetVariableOptions seen;
  auto a = variable_scope("a", {.initializer = zeros_initializer,
                                .custom_getter =
                                    [&seen](const Getter& getter, const std::string& name,
                                            const GetVariableOptions& options) {
                                      seen = options;
                                      return getter(name, options);
                                    },
                                .reuse = AUTO_REUSE,
                                .dtype = float64});
  get_w();
  EXPECT_TRUE(seen.initializer.is_function());
  EXPECT_EQ(seen.dtype, float64);
  EXPECT_EQ(seen.trainable, true);
  EXPECT_EQ(seen.reuse, Reuse(AUTO_REUSE));
  EXPECT_FALSE(seen.custom_getter);
}

TEST_F(CustomGetterTest, RenamesAndSharesUnderTheNewName) {
  auto a = variable_scope("a", {.custom_getter = renaming("_x"), .reuse = AUTO_REUSE});
  const Variable made = get_w();
  EXPECT_EQ(made.name(), "a/w_x:0");
  EXPECT_EQ(get_w(), made);
}

TEST_F(CustomGetterTest, ReturnsATensorMadeOfTheVariable) {
  auto a = variable_scope("a", {.custom_getter = [](const Getter& getter, const std::string& name,
                                                    const GetVariableOptions& options) {
                            return Variable::from_tensor(2.0f * getter(name, options));
                          }});
  const Variable doubled = get_w();
  EXPECT_TRUE(doubled.is_tensor());
  EXPECT_EQ(doubled.name(), "mul:0");
  EXPECT_EQ(doubled.shape(), Shape({1}));
  EXPECT_EQ(static_cast<Output>(doubled).op().type(), "Mul");
  expect_error<ValueError>(ErrorKind::not_a_variable, {"'mul:0' is a tensor"},
                           [&] { doubled.assign(1.0f); });
}

TEST_F(CustomGetterTest, LeavesTheFirstOfTwoVariablesBehindWhenTheSecondFails) {
  auto a = variable_scope("a", {.custom_getter = [](const Getter& getter, const std::string& name,
                                                    GetVariableOptions options) {
                            const Variable first = getter(name + "_0", options);
                            options.shape = Shape::unknown();
                            return getter(name + "_1", options);
                          }});
  expect_error<ValueError>(ErrorKind::no_shape, {"Variable a/w_1 did not get an initializer"},
                           [] { get_w(); });
  EXPECT_THAT(names_of(global_variables()), ElementsAre("a/w_0:0"));
}

TEST_F(CustomGetterTest, ThrowsThroughToTheCaller) {
  auto a = variable_scope("a", {.custom_getter = [](const Getter&, const std::string&,
                                                    const GetVariableOptions&) -> Variable {
                            throw std::out_of_range("mine");
                          }});
  EXPECT_THROW(get_w(), std::out_of_range);
  EXPECT_TRUE(operations().empty());
  EXPECT_TRUE(global_variables().empty());
}

TEST_F(CustomGetterTest, MustReturnSomething) {
  auto a =
      variable_scope("a", {.custom_getter = [](const Getter&, const std::string&,
                                               const GetVariableOptions&) { return Variable(); }});
  expect_error<ValueError>(ErrorKind::bad_getter, {"variable a/w returned no variable"},
                           [] { get_w(); });
}

TEST_F(CustomGetterTest, IsStoppedWhenItCallsItselfWithoutEnd) {
  auto a =
      variable_scope("a", {.custom_getter = [](const Getter&, const std::string&,
                                               const GetVariableOptions&) { return get_w(); }});
  expect_error<RuntimeError>(ErrorKind::bad_getter, {"calls itself without end"}, [] { get_w(); });
  EXPECT_TRUE(operations().empty());
}

}  // namespace
}  // namespace tenon

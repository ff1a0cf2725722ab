// Names, shapes and functions that no program should give: an error, and the graph as before.
#include <cctype>
#include <limits>
#include <stdexcept>

#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class BadInputTest : public OnAGraphOfItsOwn {
 protected:
  // That nothing is left of what failed, down to the name.
  void expect_untouched() {
    EXPECT_THAT(operations(), IsEmpty());
    EXPECT_THAT(get_all_collection_keys(), IsEmpty());
    EXPECT_EQ(graph.name_scope(), "");
    EXPECT_EQ(get_variable_scope().name(), "");
    EXPECT_EQ(graph.unique_name("w", false), "w");
  }
};

bool may_be_first(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.'; }
bool may_follow(char c) {
  return may_be_first(c) || std::string("_\\/>-").find(c) != std::string::npos;
}

TEST_F(BadInputTest, NamesTakeThePatternsCharactersAndNoOthers) {
  for (char c = ' '; c <= '~'; ++c) {
    for (const bool first : {true, false}) {
      const std::string name = first ? std::string(1, c) + "x" : std::string("x") + c + "x";
      const Graph own;
      auto as_default = own.as_default();
      if (first ? may_be_first(c) : may_follow(c)) {
        EXPECT_EQ(get_variable(name, {.shape = {1}}).name(), name + ":0");
        continue;
      }
      expect_error<ValueError>(ErrorKind::invalid_name, {"'" + name + "'"},
                               [&] { get_variable(name, {.shape = {1}}); });
      expect_error<ValueError>(ErrorKind::invalid_name, {"'" + name + "'"},
                               [&] { auto scope = variable_scope(name); });
      EXPECT_THAT(own.operations(), IsEmpty());
    }
  }
}

TEST_F(BadInputTest, NamesAreNotUtf8NorControlCharacters) {
  for (const std::string& name :
       {std::string("gewicht\xc3\xa4"), std::string("\xe6\x9d\x83"), std::string("a\nb"),
        std::string("a\0b", 3), std::string("\xff\xfe")}) {
    expect_error<ValueError>(ErrorKind::invalid_name, {name.c_str()},
                             [&] { get_variable(name, {.shape = {1}}); });
    expect_error<ValueError>(ErrorKind::invalid_name, {name.c_str()},
                             [&] { auto scope = variable_scope(name); });
    auto scope = variable_scope(get_variable_scope(), {.reuse = true});
    expect_error<ValueError>(ErrorKind::does_not_exist, {name.c_str()},
                             [&] { get_variable(name, {.shape = {1}}); });
  }
  expect_untouched();
}

TEST_F(BadInputTest, NamesMayBeAsLongAsTheyLike) {
  const std::string name(10000, 'n');
  auto scope = variable_scope(name);
  const Variable made = get_variable(name, {.shape = {1}});
  EXPECT_EQ(made.op().name(), name + "/" + name);
  EXPECT_THAT(names_of(global_variables("n*/n*")), ElementsAre(made.name()));
  EXPECT_THAT(names_of(global_variables("(n|x)*/(n+)$")), IsEmpty());
  scope.reuse_variables();
  expect_error<ValueError>(ErrorKind::does_not_exist, {name + "/other"},
                           [] { get_variable("other", {.shape = {1}}); });
}

TEST_F(BadInputTest, ShapesAreRefusedBeforeAnythingIsMade) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  for (const Initializer& initializer :
       {Initializer(), Initializer(zeros_initializer), orthogonal_initializer()}) {
    expect_error<ValueError>(ErrorKind::bad_argument, {"Dimension -5 must be >= 0", "w"}, [&] {
      get_variable("w", {.shape = {2, -5}, .initializer = initializer});
    });
    expect_error<ValueError>(ErrorKind::bad_argument, {"is too large", "w"}, [&] {
      get_variable("w", {.shape = {kMost, kMost}, .initializer = initializer});
    });
    expect_error<ValueError>(ErrorKind::bad_argument, {"is too large", "w"}, [&] {
      get_variable("w", {.shape = {kMost / 4, 2}, .initializer = initializer});
    });
  }
  expect_untouched();
}

TEST_F(BadInputTest, ShapesMayHoldNothing) {
  const Variable none = get_variable("w", {.shape = {0, 3}});
  EXPECT_EQ(none.shape(), Shape({0, 3}));
  Session session;
  session.run(none.initializer());
  EXPECT_EQ(session.run(none).shape(), Shape({0, 3}));
}

TEST_F(BadInputTest, ExpressionsThatDoNotParseAreRefused) {
  get_variable("w", {.shape = {1}});
  for (const char* scope : {"(", "[a", "a{2", "*", "\\", "(?P<n>a)", "a{99999999999}"}) {
    expect_error<ValueError>(ErrorKind::bad_argument, {"is not a regular expression"},
                             [&] { global_variables(scope); });
  }
  const std::string deep = std::string(100000, '(') + std::string(100000, ')');
  expect_error<ValueError>(ErrorKind::bad_argument, {"is not a regular expression"},
                           [&] { global_variables(deep); });
}

TEST_F(BadInputTest, AnInitializerThatThrowsLeavesTheGraphAsItWas) {
  Output stray;
  for (const bool use_resource : {false, true}) {
    EXPECT_THROW(get_variable("w", {.shape = {2},
                                    .initializer = [&](const Shape& shape, DType) -> Output {
                                      stray = ones(shape) + 1.0f;
                                      throw std::out_of_range("mine");
                                    },
                                    .regularizer = l2_regularizer(1.0),
                                    .use_resource = use_resource}),
                 std::out_of_range);
    expect_untouched();
  }
  expect_error<FailedPreconditionError>(ErrorKind::closed, {"no longer in the graph"},
                                        [&] { negative(stray); });
  EXPECT_EQ(get_variable("w", {.shape = {2}}).name(), "w:0");
}

TEST_F(BadInputTest, AnInitializerThatMadeAVariableKeepsIt) {
  EXPECT_THROW(get_variable("w", {.shape = {2},
                                  .initializer = [](const Shape& shape, DType) -> Output {
                                    get_variable("inner", {.shape = shape});
                                    throw std::out_of_range("mine");
                                  }}),
               std::out_of_range);
  ASSERT_THAT(names_of(global_variables()), ElementsAre("inner:0"));
  Session session;
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(global_variables()[0]).shape(), Shape({2}));
}

TEST_F(BadInputTest, AVariableThatFailsLaterLeavesTheGraphAsItWas) {
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"shape"}, [] {
    get_variable("w", {.shape = {2}, .initializer = [](const Shape&, DType) { return ones({3}); }});
  });
  expect_error<ValueError>(ErrorKind::no_shape, {"initial_value must have a shape"}, [] {
    Variable(InitialValue([] { return placeholder(float32, {-1}); }), {.name = "w"});
  });
  expect_untouched();
}

TEST_F(BadInputTest, APartitionersNonsenseIsRefused) {
  using Sizes = std::vector<int64_t>;
  const std::vector<Sizes> nonsense = {
      {}, {0}, {-1}, {1, 1}, {std::numeric_limits<int64_t>::min()}};
  for (const Sizes& parts : nonsense) {
    expect_error<ValueError>(ErrorKind::bad_partitioner, {"w"}, [&] {
      get_variable("w", {.shape = {4}, .partitioner = [&](const Shape&, DType) { return parts; }});
    });
  }
  EXPECT_THROW(get_variable("w", {.shape = {4},
                                  .partitioner = [](const Shape&, DType) -> Sizes {
                                    throw std::out_of_range("mine");
                                  }}),
               std::out_of_range);
  expect_untouched();
}

TEST_F(BadInputTest, ADeviceFunctionsNonsenseIsRefused) {
  const DeviceFunction nonsense = [](const Operation&) { return std::string("/nowhere:x"); };
  const DeviceFunction failing = [](const Operation&) -> std::string {
    throw std::out_of_range("mine");
  };
  const Output x = constant(1.0f);
  {
    auto on = device(nonsense);
    expect_error<ValueError>(ErrorKind::bad_device, {"/nowhere:x"},
                             [] { get_variable("w", {.shape = {2}}); });
    expect_error<ValueError>(ErrorKind::bad_device, {"/nowhere:x"}, [&] { add(x, 1.0f); });
  }
  {
    auto on = device(failing);
    EXPECT_THROW(get_variable("w", {.shape = {2}}), std::out_of_range);
    EXPECT_THROW(add(x, 1.0f), std::out_of_range);
  }
  EXPECT_THAT(operations(), ElementsAre("Const"));
  EXPECT_EQ(add(x, 1.0f).name(), "Add:0");
  EXPECT_EQ(get_variable("w", {.shape = {2}}).name(), "w:0");
}

TEST_F(BadInputTest, ACachingDevicesNonsenseIsRefused) {
  expect_error<ValueError>(ErrorKind::bad_device, {"/nowhere:x"}, [] {
    get_variable("w", {.shape = {2}, .caching_device = "/nowhere:x"});
  });
  expect_untouched();
}

TEST_F(BadInputTest, GettersOfManyScopesMayCallOneAnother) {
  std::vector<Context> open;
  for (int i = 0; i < 200; ++i) {
    open.push_back(enter_variable_scope("s", {.custom_getter =
                                                  [](const Getter& getter, const std::string& name,
                                                     const GetVariableOptions& options) {
                                                    return getter(name, options);
                                                  }})
                       .first);
  }
  EXPECT_TRUE(get_variable("w", {.shape = {1}}));
  while (!open.empty()) open.pop_back();
}

}  // namespace
}  // namespace tenon

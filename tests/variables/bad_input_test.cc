// Names, shapes and functions that no program should give: an error, and the graph as before.
#include <cctype>
#include <functional>
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
    expect_error<ValueError>(ErrorKind::shape_incompatible, {"Dimension -5 must be >= 0", "w"},
                             [&] {
                               get_variable("w", {.shape = {2, -5}, .initializer = initializer});
                             });
    expect_error<ValueError>(
        ErrorKind::shape_incompatible, {"is too large (more than 2**63 - 1 entries)", "w"}, [&] {
          get_variable("w", {.shape = {kMost, kMost}, .initializer = initializer});
        });
  }
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"Dimension -5 must be >= 0"}, [&] {
    get_variable("w", {.shape = {-5}, .partitioner = fixed_size_partitioner(2)});
  });
  expect_untouched();
}

TEST_F(BadInputTest, NegativeSizesAreRefusedWhereAVariableIsShared) {
  get_variable("w", {.shape = {2}});
  auto scope = variable_scope(get_variable_scope(), {.reuse = true});
  for (const Partitioner& partitioner : {Partitioner(), fixed_size_partitioner(1)}) {
    expect_error<ValueError>(
        partitioner ? ErrorKind::partition_mismatch : ErrorKind::shape_incompatible, {"w"},
        [&] { get_variable("w", {.shape = {-3}, .partitioner = partitioner}); });
  }
}

// Shapes of other operations, which name the one that they stop.
TEST_F(BadInputTest, OperationsRefuseSizesThatNoTensorHas) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const Shape negative{2, -5}, large{kMost / 2, 4};
  const std::string too_small = "Dimension -5 must be >= 0",
                    too_large = "is too large (more than 2**63 - 1 entries)";
  const Output any = placeholder(float32, {}, {.name = "any"});
  for (const Shape& shape : {negative, large}) {
    const std::string& why = shape == negative ? too_small : too_large;
    const std::vector<std::function<void()>> calls = {
        [&] { placeholder(float32, shape); },
        [&] { constant(1.0f, {.shape = shape}); },
        [&] { zeros(shape); },
        [&] { fill(shape, 1.0f); },
        [&] { random_uniform(shape); },
        [&] { any.set_shape(shape); },
    };
    for (const auto& call : calls) {
      expect_error<ValueError>(ErrorKind::shape_incompatible, {why}, call);
    }
  }
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"when multiplying 4 and"},
                           [] { tile(ones({4}), {kMost / 2}); });
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"when adding"}, [] {
    pad(ones({4}), Input::weak(Tensor::from<int64_t>(std::vector<int64_t>{kMost, 1}, {1, 2})));
  });
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"more than 64 bits can count"}, [] {
    reshape(ones({4}), {kMost / 2, 4});
  });
  expect_error<ValueError>(ErrorKind::bad_argument, {"<= 9223372036854775807"},
                           [] { range(0.0, 1e300, 1.0); });
  EXPECT_EQ(graph.unique_name("any", false), "any_1");
}

// What 64 bits can count and no machine can hold: an error of the run that would need it.
TEST_F(BadInputTest, ValuesBeyondAnyMemoryFailWhenTheyAreWanted) {
  constexpr int64_t kLarge = int64_t{1} << 62;
  const Variable w = get_variable("w", {.shape = {kLarge}, .initializer = zeros_initializer});
  const Output sum = fill({kLarge}, 1.0f) + random_uniform({kLarge});
  const Output numbers = range(Tensor(int64_t{0}), Tensor(kLarge), Tensor(int64_t{1}));
  EXPECT_EQ(numbers.shape(), Shape({kLarge}));
  Session session;
  for (const Output& value : {Output(w.initial_value()), sum, numbers}) {
    expect_error<ResourceExhaustedError>(ErrorKind::resource_exhausted, {"Out of memory"},
                                         [&] { session.run(value); });
  }
  expect_error<ResourceExhaustedError>(ErrorKind::resource_exhausted, {"Out of memory"},
                                       [&] { session.run(w.initializer()); });
  expect_error<ResourceExhaustedError>(ErrorKind::resource_exhausted, {"Out of memory"},
                                       [] { Tensor(float32, {kLarge}); });
}

TEST_F(BadInputTest, ShapesMayHoldNothing) {
  constexpr int64_t kLarge = int64_t{1} << 20;
  for (const Shape& shape : {Shape{0, 3}, Shape{kLarge, 0, kLarge}}) {
    const Variable none = get_variable(shape.rank() == 2 ? "w" : "v", {.shape = shape});
    EXPECT_EQ(none.shape(), shape);
    Session session;
    session.run(none.initializer());
    EXPECT_EQ(session.run(none).shape(), shape);
  }
}

TEST_F(BadInputTest, ExpressionsThatDoNotParseAreRefused) {
  get_variable("w", {.shape = {1}});
  for (const char* scope :
       {"(", "[a", "*", "\\", "(?P<n>a", "a{99999999999}", "((a{100}){100}){100}"}) {
    expect_error<ValueError>(ErrorKind::bad_argument, {"is not a regular expression"},
                             [&] { global_variables(scope); });
  }
  const std::string deep = std::string(100000, '(') + std::string(100000, ')');
  EXPECT_EQ(global_variables(deep).size(), 1u) << "of empty groups: it takes no stack";
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
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const std::vector<Sizes> nonsense = {{}, {0}, {-1}, {1, 1}, {kLeast}};
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

// What a scope does for every variable, it does for those that are made on the way, too.
TEST_F(BadInputTest, VariablesThatAskForOneAnotherWithoutEndAreStopped) {
  int count = 0;
  const auto another = [&count] {
    return get_variable("v" + std::to_string(count++), {.shape = {1}});
  };
  const std::vector<VariableScopeOptions> endless = {
      {.initializer = [&](const Shape&, DType) -> Output { return another(); }},
      {.regularizer = [&](const Variable&) -> Output { return another(); }},
      {.partitioner =
           [&](const Shape&, DType) {
             another();
             return std::vector<int64_t>{1};
           }},
      {.caching_device = CachingDevice(DeviceFunction([&](const Operation&) {
         another();
         return std::string("/cpu:0");
       }))},
  };
  for (size_t i = 0; i < endless.size(); ++i) {
    auto scope = variable_scope("s" + std::to_string(i), endless[i]);
    expect_error<RuntimeError>(ErrorKind::bad_argument, {"asks for variables without end"},
                               [] { get_variable("w", {.shape = {1}}); });
  }
}

TEST_F(BadInputTest, ADeviceFunctionThatAsksItselfWithoutEndIsStopped) {
  auto on = device(DeviceFunction([](const Operation&) { return constant(1.0f).device(); }));
  expect_error<RuntimeError>(ErrorKind::bad_device, {"calls itself without end"},
                             [] { constant(1.0f); });
  EXPECT_THAT(operations(), IsEmpty());
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

// Initializers: what they add to the graph, and how they are given.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using InitializersTest = OnAGraphOfItsOwn;

Variable made(const Initializer& initializer, Shape shape = {2, 3}) {
  return get_variable("w", {.shape = std::move(shape), .initializer = initializer});
}

TEST_F(InitializersTest, DefaultToGlorotUniformForFloats) {
  get_variable("w", {.shape = {2, 3}});
  EXPECT_THAT(
      operations(),
      ElementsAre("w/Initializer/random_uniform/shape", "w/Initializer/random_uniform/min",
                  "w/Initializer/random_uniform/max", "w/Initializer/random_uniform/RandomUniform",
                  "w/Initializer/random_uniform/sub", "w/Initializer/random_uniform/mul",
                  "w/Initializer/random_uniform", "w", "w/Assign", "w/read"));
}

TEST_F(InitializersTest, DefaultToZerosForIntegersBoolsAndStrings) {
  for (const DType dtype : {int32, int64, bool_, tenon::string}) {
    const Variable v = get_variable(std::string(to_string(dtype)), {.shape = {2}, .dtype = dtype});
    EXPECT_EQ(v.initial_value().op().type(), "Const") << dtype;
    EXPECT_EQ(v.dtype(), dtype);
  }
}

TEST_F(InitializersTest, AreMadeInTheVariablesDtype) {
  const Variable v =
      get_variable("v", {.shape = {2}, .dtype = float64, .initializer = ones_initializer()});
  EXPECT_EQ(v.initial_value().dtype(), float64);
}

TEST_F(InitializersTest, AreGivenCalledOrNot) {
  EXPECT_EQ(made(truncated_normal_initializer).initial_value().name(),
            "w/Initializer/truncated_normal:0");
  EXPECT_TRUE(Initializer(zeros_initializer).is_function());
  EXPECT_TRUE(Initializer(1.0f).is_value());
  EXPECT_TRUE(Initializer([] { return Tensor(1.0f); }).is_thunk());
  EXPECT_FALSE(Initializer());
}

TEST_F(InitializersTest, GiveOrthogonalMatricesInTensorFlowsSteps) {
  const Variable w = made(orthogonal_initializer({.seed = 1}));
  EXPECT_EQ(w.shape(), Shape({2, 3}));
  EXPECT_EQ(w.initial_value().name(), "w/Initializer/mul_1:0");
}

TEST_F(InitializersTest, AreCalledInTheirOwnDtypeWhereNoneIsGiven) {
  EXPECT_EQ(zeros_initializer({.dtype = int64})({2}).dtype(), int64);
  EXPECT_EQ(random_normal_initializer({.dtype = float64})({2}).dtype(), float64);
  EXPECT_EQ(ones_initializer({.dtype = int64})({2}, float32).dtype(), float32);
  EXPECT_EQ(
      Initializer([](const Shape& shape, DType dtype) { return ones(shape, dtype); })({2}).dtype(),
      float32);
}

TEST_F(InitializersTest, OfTablesAreThoseOfTheirCollection) {
  EXPECT_EQ(tables_initializer().name(), "init_all_tables");
  const Operation fill = no_op({.name = "fill"});
  add_to_collection(GraphKeys::TABLE_INITIALIZERS, fill);
  const Operation all = tables_initializer({.name = "tables"});
  EXPECT_EQ(all.name(), "tables");
  EXPECT_EQ(all.control_inputs(), std::vector<Operation>{fill});
}

TEST_F(InitializersTest, RefuseShapesThatTheyCannotFill) {
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"two-dimensional"},
                           [] { made(orthogonal_initializer(), {3}); });
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"two-dimensional"},
                           [] { made(identity_initializer(), {3}); });
}

TEST_F(InitializersTest, RefuseBadArguments) {
  expect_error<ValueError>(ErrorKind::bad_argument, {"`scale` must be a positive float"},
                           [] { variance_scaling_initializer({.scale = 0}); });
  expect_error<ValueError>(ErrorKind::bad_argument, {"`mode`", "fan"},
                           [] { variance_scaling_initializer({.mode = "fan"}); });
  expect_error<ValueError>(ErrorKind::bad_argument, {"`distribution`", "flat"},
                           [] { variance_scaling_initializer({.distribution = "flat"}); });
  expect_error<ValueError>(ErrorKind::bad_argument, {"expected to be floating point", "int32"},
                           [] { random_normal_initializer({.dtype = int32}); });
}

TEST_F(InitializersTest, MayBeTheUsersFunctions) {
  const Variable w = made([](const Shape& shape, DType dtype) { return ones(shape, dtype); });
  EXPECT_EQ(w.initial_value().name(), "w/Initializer/ones:0");
}

TEST_F(InitializersTest, ThrowThroughToTheCaller) {
  EXPECT_THROW(made([](const Shape&, DType) -> Output { throw std::out_of_range("mine"); }),
               std::out_of_range);
  EXPECT_TRUE(operations().empty());
  EXPECT_TRUE(global_variables().empty());
  EXPECT_EQ(graph.name_scope(), "");
}

}  // namespace
}  // namespace tenon

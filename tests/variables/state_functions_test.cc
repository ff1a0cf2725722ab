// The free functions that write variables, of both kinds. Values are those of TensorFlow 2.21.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;

class StateFunctionsTest : public WritesTest {
 protected:
  Variable matrix() const { return made(Tensor({{1.0F, 2.0F}, {3.0F, 4.0F}, {5.0F, 6.0F}})); }
};

TEST_P(StateFunctionsTest, AssignAndItsKin) {
  const Variable v = made(Tensor({1.0F, 2.0F}));
  EXPECT_THAT(written(v, assign(v, {5.0F, 6.0F})), ElementsAre(5, 6));
  EXPECT_THAT(written(v, assign_add(v, {5.0F, 6.0F})), ElementsAre(6, 8));
  EXPECT_THAT(written(v, assign_sub(v, {5.0F, 6.0F})), ElementsAre(-4, -4));
}

TEST_P(StateFunctionsTest, ScattersRowsInTheOrderOfTheIndices) {
  const Variable v = matrix();
  const Input indices = {2, 0, 2}, updates = {{1.0F, 2.0F}, {3.0F, 4.0F}, {5.0F, 8.0F}};
  EXPECT_THAT(written(v, scatter_update(v, indices, updates)), ElementsAre(3, 4, 3, 4, 5, 8));
  EXPECT_THAT(written(v, scatter_add(v, indices, updates)), ElementsAre(4, 6, 3, 4, 11, 16));
  EXPECT_THAT(written(v, scatter_sub(v, indices, updates)), ElementsAre(-2, -2, 3, 4, -1, -4));
  EXPECT_THAT(written(v, scatter_mul(v, indices, updates)), ElementsAre(3, 8, 3, 4, 25, 96));
  EXPECT_THAT(written(v, scatter_div(v, indices, updates)),
              ElementsAre(1 / 3.0F, 0.5F, 3, 4, 1, 6 / 2.0F / 8));
  EXPECT_THAT(written(v, scatter_min(v, indices, updates)), ElementsAre(1, 2, 3, 4, 1, 2));
  EXPECT_THAT(written(v, scatter_max(v, indices, updates)), ElementsAre(3, 4, 3, 4, 5, 8));
}

TEST_P(StateFunctionsTest, ScattersOneNumberIntoEveryElementOfTheRows) {
  const Variable v = matrix();
  EXPECT_THAT(written(v, scatter_mul(v, {1}, 10.0F)), ElementsAre(1, 2, 30, 40, 5, 6));
  EXPECT_THAT(written(v, scatter_update(v, {0, 1}, 7.0F)), ElementsAre(7, 7, 7, 7, 5, 6));
}

TEST_P(StateFunctionsTest, ScattersElementsByVectors) {
  const Variable v = matrix();
  const Input places = {{2, 1}, {0, 0}, {2, 1}}, updates = {10.0F, 20.0F, 30.0F};
  EXPECT_THAT(written(v, scatter_nd_update(v, places, updates)), ElementsAre(20, 2, 3, 4, 5, 30));
  EXPECT_THAT(written(v, scatter_nd_add(v, places, updates)), ElementsAre(21, 2, 3, 4, 5, 46));
  EXPECT_THAT(written(v, scatter_nd_sub(v, places, updates)), ElementsAre(-19, 2, 3, 4, 5, -34));
}

TEST_P(StateFunctionsTest, ScattersSlicesByVectorsOfOneNumber) {
  const Variable v = matrix();
  const Output write = scatter_nd_add(v, {{1}, {1}}, {{1.0F, 2.0F}, {10.0F, 20.0F}});
  EXPECT_THAT(written(v, write), ElementsAre(1, 2, 14, 26, 5, 6));
}

TEST_P(StateFunctionsTest, RefusesUpdatesThatDoNotFit) {
  const Variable v = matrix();
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"updates.shape"}, [&] {
    scatter_add(v, {0, 1}, {1.0F, 2.0F, 3.0F});
  });
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"at most the variable's rank"}, [&] {
    scatter_nd_add(v, {{0, 1, 0}}, {1.0F});
  });
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"updates.shape"}, [&] {
    scatter_nd_add(v, {{0, 1}}, {1.0F, 2.0F});
  });
  expect_error<TypeError>(ErrorKind::dtype_incompatible, {"float32"}, [&] {
    assign(v, constant(Tensor({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}})));
  });
}

TEST_P(StateFunctionsTest, RefusesIndicesOutOfRangeAndWritesNothing) {
  const Variable v = matrix();
  Session session;
  session.run(global_variables_initializer());
  for (const Output& write : {scatter_update(v, {0, 3}, 9.0F), scatter_add(v, {0, -1}, 9.0F)}) {
    expect_error<InvalidArgumentError>(ErrorKind::index_out_of_range, {"is not in [0, "},
                                       [&] { session.run(write); });
    const Tensor held = session.run(v.read_value());
    EXPECT_THAT(held.data<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  }
}

// As TensorFlow.
TEST_P(StateFunctionsTest, RefusesVectorsOutOfRangeAndWritesTheOthers) {
  const Variable v = matrix();
  Session session;
  session.run(global_variables_initializer());
  for (const Output& write : {scatter_nd_update(v, {{3, 0}, {0, 1}}, {9.0F, 7.0F}),
                              scatter_nd_add(v, {{2, 1}, {0, -1}, {2, 1}}, {1.0F, 5.0F, 2.0F})}) {
    expect_error<InvalidArgumentError>(ErrorKind::index_out_of_range, {"is not in [0, "},
                                       [&] { session.run(write); });
  }
  const Tensor held = session.run(v.read_value());
  EXPECT_THAT(held.data<float>(), ElementsAre(1, 7, 3, 4, 5, 9));
}

INSTANTIATE_TEST_SUITE_P(BothKinds, StateFunctionsTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Resource" : "Reference"; });

using ReferenceFunctionsTest = OnAGraphOfItsOwn;

// What a write of a reference variable answers can be written again.
TEST_F(ReferenceFunctionsTest, WritesFollowOneAnother) {
  const Variable v(1.0F, {.name = "v"});
  const Output twice = assign_add(assign(v, 5.0F), 2.0F);
  Session session;
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(twice).scalar<float>(), 7);
  EXPECT_EQ(session.run(v).scalar<float>(), 7);
}

TEST_F(ReferenceFunctionsTest, RefusesWhatIsNoReference) {
  const Variable v(1.0F, {.name = "v"});
  expect_error<TypeError>(ErrorKind::dtype_incompatible, {"requires a variable"},
                          [&] { assign(identity(v), 5.0F); });
}

TEST_F(ReferenceFunctionsTest, AssignGivesAnotherShapeWhereItIsNotValidated) {
  const Variable v(Tensor({1.0F, 2.0F}), {.name = "v"});
  const Output other = assign(v, {1.0F, 2.0F, 3.0F}, {.validate_shape = false});
  EXPECT_EQ(other.shape(), Shape({3}));
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"(3,)", "(2,)"}, [&] {
    assign(v, {1.0F, 2.0F, 3.0F});
  });
  Session session;
  session.run(global_variables_initializer());
  const Tensor answer = session.run(other);
  EXPECT_THAT(answer.data<float>(), ElementsAre(1, 2, 3));
}

TEST_F(ReferenceFunctionsTest, AVariableOfAnyShapeGrows) {
  const Variable v(Tensor(int32, {0}), {.name = "v", .trainable = false, .validate_shape = false});
  const Output more = assign(v, concat({v, constant({7})}, 0), {.validate_shape = false});
  Session session;
  session.run(v.initializer());
  for (int64_t length = 1; length <= 3; ++length) {
    EXPECT_EQ(session.run(more).shape(), Shape({length}));
  }
}

}  // namespace
}  // namespace tenon

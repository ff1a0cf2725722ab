// Reading and assigning to slices of variables, of both kinds. Values are those of TensorFlow 2.21.
#include <cstdint>

#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;

class SliceAssignTest : public WritesTest {
 protected:
  Variable matrix() const { return made(Tensor({{1.0F, 2.0F, 3.0F}, {4.0F, 5.0F, 6.0F}})); }
};

TEST_P(SliceAssignTest, ReadsAsATensorDoes) {
  const Variable v = matrix();
  Session session;
  session.run(global_variables_initializer());
  const Tensor value = session.run(v[{0, Slice{.step = -1}}]);
  EXPECT_THAT(value.data<float>(), ElementsAre(3, 2, 1));
  const Tensor sum = session.run(v[1] + 1.0F);
  EXPECT_THAT(sum.data<float>(), ElementsAre(5, 6, 7));
}

TEST_P(SliceAssignTest, WritesWhatTheSliceTakes) {
  const Variable v = matrix();
  EXPECT_THAT(written(v, v[0].assign({7.0F, 8.0F, 9.0F})), ElementsAre(7, 8, 9, 4, 5, 6));
  EXPECT_THAT(written(v, v[{Slice{}, Slice{1}}].assign({{7.0F, 8.0F}, {9.0F, 10.0F}})),
              ElementsAre(1, 7, 8, 4, 9, 10));
  EXPECT_THAT(written(v, v[{0, Slice{.step = -1}}].assign({7.0F, 8.0F, 9.0F})),
              ElementsAre(9, 8, 7, 4, 5, 6));
  EXPECT_THAT(
      written(v, v[{Slice{.step = -1}, Slice{.step = 2}}].assign({{7.0F, 8.0F}, {9.0F, 10.0F}})),
      ElementsAre(9, 2, 10, 7, 5, 8));
  EXPECT_THAT(written(v, v[{ellipsis, newaxis, 1}].assign({{7.0F}, {8.0F}})),
              ElementsAre(1, 7, 3, 4, 8, 6));
  EXPECT_THAT(written(v, v[{Slice{1, 0}}].assign(9.0F)), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_P(SliceAssignTest, BroadcastsTheValue) {
  const Variable v = matrix();
  EXPECT_THAT(written(v, v[{Slice{}, Slice{1}}].assign(5.0F)), ElementsAre(1, 5, 5, 4, 5, 5));
  EXPECT_THAT(written(v, v[0].assign({9.0F})), ElementsAre(9, 9, 9, 4, 5, 6));
  EXPECT_THAT(written(v, v[0].assign({{7.0F, 8.0F, 9.0F}})), ElementsAre(7, 8, 9, 4, 5, 6));
  EXPECT_THAT(written(v, v[Slice{}].assign({{7.0F}, {8.0F}})), ElementsAre(7, 7, 7, 8, 8, 8));
}

TEST_P(SliceAssignTest, ReadsTheWholeValueBeforeItWrites) {
  const Variable v = matrix();
  EXPECT_THAT(written(v, v[0].assign(v[1])), ElementsAre(4, 5, 6, 4, 5, 6));
  EXPECT_THAT(written(v, v[{Slice{}, Slice{.step = -1}}].assign(v)), ElementsAre(3, 2, 1, 6, 5, 4));
  EXPECT_THAT(written(v, v[{Slice{}, Slice{1}}].assign(v[{Slice{}, Slice{0, 2}}])),
              ElementsAre(1, 1, 2, 4, 4, 5));
}

TEST_P(SliceAssignTest, WritesOnAnotherDevice) {
  const ScopeGuard on = device("/gpu:0");
  const Variable v = matrix();
  EXPECT_THAT(
      written(v, v[{Slice{}, Slice{0, 2}}].assign(v[{Slice{}, Slice{1, 3}}]), {.emulated_gpus = 1}),
      ElementsAre(2, 3, 3, 5, 6, 6));
}

TEST_P(SliceAssignTest, TakesPositionsThatOnlyTheRunKnows) {
  const Variable v = matrix();
  const Output row = placeholder(int32, {});
  const Output write = v[row].assign({7.0F, 8.0F, 9.0F});
  Session session;
  session.run(global_variables_initializer());
  const Tensor first = session.run(write, {{row, Tensor(1)}});
  EXPECT_THAT(first.data<float>(), ElementsAre(1, 2, 3, 7, 8, 9));
  const Tensor second = session.run(write, {{row, Tensor(0)}});
  EXPECT_THAT(second.data<float>(), ElementsAre(7, 8, 9, 7, 8, 9));
}

TEST_P(SliceAssignTest, WritesAnyDtype) {
  const Variable numbers = made(Tensor({int64_t{1}, int64_t{2}, int64_t{3}}));
  const Variable flags(Tensor({true, true}), {.use_resource = GetParam()});
  const Output write = numbers[Slice{.step = 2}].assign({int64_t{8}, int64_t{9}});
  const Output flip = flags[0].assign(false);
  Session session;
  session.run(global_variables_initializer());
  const Tensor written_numbers = session.run(write), written_flags = session.run(flip);
  EXPECT_THAT(written_numbers.data<int64_t>(), ElementsAre(8, 2, 9));
  EXPECT_THAT(written_flags.data<bool>(), ElementsAre(false, true));
}

TEST_P(SliceAssignTest, NamesTheWriteAfterTheSlice) {
  const Variable v = matrix();
  const VariableSlice row = v[0];
  EXPECT_EQ(row.name(), "strided_slice:0");
  row.assign({7.0F, 8.0F, 9.0F});
  EXPECT_EQ(graph.operation("strided_slice/_assign").type(),
            GetParam() ? "ResourceStridedSliceAssign" : "StridedSliceAssign");
}

TEST_P(SliceAssignTest, RefusesValuesThatDoNotFitAndWritesNothing) {
  const Variable v = matrix();
  Session session;
  session.run(global_variables_initializer());
  for (const Output& write :
       {v[0].assign({1.0F, 2.0F}), v[Slice{}].assign({{1.0F}, {2.0F}, {3.0F}}),
        v[0].assign({{1.0F, 2.0F, 3.0F}, {4.0F, 5.0F, 6.0F}})}) {
    expect_error<InvalidArgumentError>(ErrorKind::shape_incompatible,
                                       {"can't be assigned to a slice of shape"},
                                       [&] { session.run(write); });
  }
  const Tensor held = session.run(v);
  EXPECT_THAT(held.data<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  expect_error<TypeError>(ErrorKind::dtype_incompatible, {"float32"}, [&] {
    v[0].assign(constant({1, 2, 3}));
  });
  expect_error<ValueError>(ErrorKind::index_out_of_range, {"slice index 2"}, [&] { v[2]; });
}

INSTANTIATE_TEST_SUITE_P(Variables, SliceAssignTest, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Resource" : "Reference"; });

using SliceOfPartsTest = OnAGraphOfItsOwn;

TEST_F(SliceOfPartsTest, OfAPartitionedVariableIsReadAndNotAssigned) {
  const Variable v = get_variable(
      "v",
      {.shape = {4}, .initializer = ones_initializer(), .partitioner = fixed_size_partitioner(2)});
  Session session;
  session.run(global_variables_initializer());
  const Tensor value = session.run(v[Slice{1, 3}]);
  EXPECT_THAT(value.data<float>(), ElementsAre(1, 1));
  expect_error<ValueError>(ErrorKind::bad_argument, {"its parts() have"},
                           [&] { v[0].assign(2.0F); });
}

}  // namespace
}  // namespace tenon

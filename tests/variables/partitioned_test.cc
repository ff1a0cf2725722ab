// Variables in parts.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using PartitionedTest = OnAGraphOfItsOwn;

Partitioner always(std::vector<int64_t> parts) {
  return [parts](const Shape&, DType) { return parts; };
}

Variable in_parts(Partitioner partitioner, Shape shape = {3, 2}) {
  return get_variable(
      "w",
      {.shape = shape, .initializer = zeros_initializer, .partitioner = std::move(partitioner)});
}

TEST_F(PartitionedTest, GivesTheFirstPartsOneRowMore) {
  const Variable w = in_parts(fixed_size_partitioner(2));
  ASSERT_TRUE(w.is_partitioned());
  EXPECT_EQ(w.name(), "w");
  EXPECT_EQ(w.shape(), Shape({3, 2}));
  EXPECT_THAT(names_of(w.parts()), ElementsAre("w/part_0:0", "w/part_1:0"));
  EXPECT_EQ(w.parts()[0].shape(), Shape({2, 2}));
  EXPECT_EQ(w.parts()[1].shape(), Shape({1, 2}));
  EXPECT_THAT(w.parts()[1].save_slice_info()->var_offset, ElementsAre(2, 0));
  EXPECT_THAT(w.partitions(), ElementsAre(2, 1));
}

TEST_F(PartitionedTest, PutsThePartsIntoTheCollections) {
  in_parts(fixed_size_partitioner(2));
  EXPECT_THAT(names_of(global_variables()), ElementsAre("w/part_0:0", "w/part_1:0"));
  EXPECT_THAT(names_of(trainable_variables()), ElementsAre("w/part_0:0", "w/part_1:0"));
}

TEST_F(PartitionedTest, JoinsThePartsAsTensorFlowDoes) {
  const Output joined = in_parts(fixed_size_partitioner(2)).as_tensor();
  EXPECT_EQ(joined.name(), "w:0");
  EXPECT_EQ(joined.shape(), Shape({3, 2}));
  EXPECT_EQ(joined.op().input(0).name(), "w/ConcatPartitions/concat:0");
}

TEST_F(PartitionedTest, SharesAlongAnotherAxis) {
  const Variable made = in_parts(fixed_size_partitioner(2, 1));
  EXPECT_EQ(made.parts()[0].shape(), Shape({3, 1}));
  get_variable_scope().reuse_variables();
  EXPECT_EQ(in_parts(fixed_size_partitioner(2, 1)), made);
}

TEST_F(PartitionedTest, SharesWithoutAPartitionerUnderReuseAlone) {
  Variable made;
  {
    auto scope = variable_scope("a");
    made = in_parts(fixed_size_partitioner(2));
  }
  {
    auto scope = variable_scope("a", {.reuse = true});
    EXPECT_EQ(get_variable("w", {.shape = {3, 2}}), made);
  }
  auto scope = variable_scope("a", {.reuse = AUTO_REUSE});
  expect_error<ValueError>(ErrorKind::partition_mismatch,
                           {"a partitioned version of the variable was found: a/w/part_0"}, [] {
                             get_variable("w", {.shape = {3, 2}});
                           });
}

TEST_F(PartitionedTest, RefusesOtherPartitions) {
  in_parts(fixed_size_partitioner(2));
  get_variable_scope().reuse_variables();
  expect_error<ValueError>(ErrorKind::partition_mismatch,
                           {"Trying to reuse partitioned variable w, but specified partitions "
                            "[3, 1] and found partitions [2, 1]."},
                           [] { in_parts(fixed_size_partitioner(3)); });
}

TEST_F(PartitionedTest, RefusesToPartitionAWholeVariable) {
  get_variable("w", {.shape = {3, 2}});
  expect_error<ValueError>(ErrorKind::partition_mismatch,
                           {"an unpartitioned version of the variable was found: w."},
                           [] { in_parts(fixed_size_partitioner(2)); });
}

TEST_F(PartitionedTest, RefusesASecondOneOfOneName) {
  in_parts(fixed_size_partitioner(2));
  expect_error<ValueError>(ErrorKind::already_exists,
                           {"Partitioned variable with name w already exists"},
                           [] { in_parts(fixed_size_partitioner(2)); });
}

TEST_F(PartitionedTest, LeavesScalarsWhole) {
  EXPECT_FALSE(in_parts(fixed_size_partitioner(2), {}).is_partitioned());
}

TEST_F(PartitionedTest, SlicesAValue) {
  const Variable w = get_variable(
      "w", {.initializer = constant({1.0f, 2.0f, 3.0f}), .partitioner = fixed_size_partitioner(2)});
  EXPECT_EQ(w.parts()[1].initial_value().name(), "w/part_1/PartitionedInitializer/Slice:0");
  EXPECT_EQ(w.shape(), Shape({3}));
}

TEST_F(PartitionedTest, TellsInitializersOfTheWhole) {
  std::vector<Shape> wholes;
  std::vector<int64_t> offsets;
  get_variable("w", {.shape = {3, 2},
                     .initializer =
                         [&](const Shape& shape, DType dtype, const PartitionInfo* info) {
                           wholes.push_back(info->full_shape);
                           offsets.push_back(info->single_offset(shape));
                           return zeros(shape, dtype);
                         },
                     .partitioner = fixed_size_partitioner(2)});
  EXPECT_THAT(wholes, ElementsAre(Shape({3, 2}), Shape({3, 2})));
  EXPECT_THAT(offsets, ElementsAre(0, 2));
}

TEST_F(PartitionedTest, RefusesPartitionsThatDontFitTheShape) {
  const std::vector<std::pair<std::vector<int64_t>, std::string>> cases = {
      {{2}, "does not match the Variable's rank: [2] vs. (3, 2)"},
      {{0, 1}, "Partitioner returned zero partitions for some axes: [0, 1]"},
      {{-1, 1}, "Partitioner returned zero partitions for some axes: [-1, 1]"},
      {{2, 2}, "Can only slice a variable along one dimension"},
  };
  for (const auto& [parts, text] : cases) {
    expect_error<ValueError>(ErrorKind::bad_partitioner, {text, "w"},
                             [&parts = parts] { in_parts(always(parts)); });
  }
  EXPECT_TRUE(operations().empty());
}

TEST_F(PartitionedTest, RefusesAShapeThatIsNotFullyKnown) {
  expect_error<ValueError>(ErrorKind::bad_partitioner,
                           {"Shape of a new partitioned variable must be fully defined"}, [] {
                             in_parts(fixed_size_partitioner(2), {-1, 2});
                           });
}

TEST_F(PartitionedTest, LeavesThePartsThatFitWhenThereAreMorePartsThanRows) {
  expect_error<ValueError>(ErrorKind::bad_partitioner, {"Expected 0 <= offset < shape"}, [] {
    in_parts(always({4, 1}));
  });
  EXPECT_THAT(names_of(global_variables()), ElementsAre("w/part_0:0", "w/part_1:0", "w/part_2:0"));
}

TEST_F(PartitionedTest, HasNoInitializerOfItsOwn) {
  const Variable w = in_parts(fixed_size_partitioner(2));
  expect_error<ValueError>(ErrorKind::not_a_variable, {"'w' is a partitioned variable"},
                           [&] { w.initializer(); });
}

TEST_F(PartitionedTest, AssignsToEachPart) {
  const Variable w = in_parts(fixed_size_partitioner(2));
  const Output assigned = w.assign(constant({{1.0f, 2.0f}, {3.0f, 4.0f}, {5.0f, 6.0f}}));
  EXPECT_EQ(assigned.shape(), Shape({3, 2}));
}

TEST(PartitionersTest, CutByTheBytesOfAPart) {
  const Partitioner by_bytes = variable_axis_size_partitioner({.max_shard_bytes = 64});
  EXPECT_THAT(by_bytes({10, 4}, float32), ElementsAre(3, 1));    // 16 bytes a row: 4 rows a part
  EXPECT_THAT(by_bytes({10, 40}, float32), ElementsAre(10, 1));  // a row is more than a part
  const Partitioner few = variable_axis_size_partitioner({.max_shard_bytes = 64, .max_shards = 2});
  EXPECT_THAT(few({10, 4}, float32), ElementsAre(2, 1));
}

TEST(PartitionersTest, CutIntoPartsOfAtLeastSomeBytes) {
  const Partitioner partitioner =
      min_max_variable_partitioner({.max_partitions = 4, .min_slice_size = 32});
  EXPECT_THAT(partitioner({10, 4}, float32), ElementsAre(4, 1));
  EXPECT_THAT(partitioner({2, 4}, float32), ElementsAre(1, 1));
}

TEST(PartitionersTest, RefuseNumbersThatAreNotPositive) {
  expect_error<ValueError>(ErrorKind::bad_partitioner, {"max_shard_bytes is 0"},
                           [] { variable_axis_size_partitioner({}); });
  expect_error<ValueError>(ErrorKind::bad_partitioner, {"axis 2"}, [] {
    fixed_size_partitioner(2, 2)({3, 2}, float32);
  });
  expect_error<ValueError>(ErrorKind::bad_partitioner, {"division by zero"}, [] {
    variable_axis_size_partitioner({.max_shard_bytes = 8})({0, 2}, float32);
  });
}

// Rows as TensorFlow finds them by "mod" and by "div", whichever part they lie in.
TEST_F(PartitionedTest, LooksRowsUpInTheParts) {
  const auto table = get_variable("w", {.shape = {5, 1}, .partitioner = fixed_size_partitioner(2)});
  const std::vector<Variable> parts = table.parts();
  const Output first = parts[0].assign(Tensor({{0.0F}, {10.0F}, {20.0F}})),
               second = parts[1].assign(Tensor({{30.0F}, {40.0F}}));
  const Output by_mod = nn::embedding_lookup(table, {0, 1, 2, 3, 4});
  const Output by_div =
      nn::embedding_lookup(table, {{4, 0}, {3, 2}}, {.partition_strategy = "div"});
  Session session;
  session.run({first, second});
  const auto rows = [&](const Output& found) {
    const Tensor value = session.run(found);
    return std::vector<float>(value.data<float>().begin(), value.data<float>().end());
  };
  EXPECT_THAT(rows(by_mod), ElementsAre(0, 30, 10, 40, 20));
  EXPECT_THAT(rows(by_div), ElementsAre(40, 0, 30, 20));
  for (const Operation& op : graph.operations()) {
    EXPECT_THAT(op.name(), testing::Not(testing::HasSubstr("ConcatPartitions")));
  }
}

TEST_F(PartitionedTest, UpdatesOnlyTheRowsOfALookup) {
  const auto table = get_variable(
      "w",
      {.shape = {5, 1}, .initializer = ones_initializer, .partitioner = fixed_size_partitioner(2)});
  const Output loss = reduce_sum(nn::embedding_lookup(table, {0, 3, 3}));
  const std::vector<Variable> parts = table.parts();
  for (const Output& gradient : gradients({loss}, {parts[0], parts[1]})) {
    EXPECT_EQ(gradient.op().type(), "_IndexedSlices");
  }
  const Operation step = train::GradientDescentOptimizer({.learning_rate = 0.5f}).minimize(loss);
  Session session;
  session.run(global_variables_initializer());
  session.run(step);
  const Tensor first = session.run(parts[0]), second = session.run(parts[1]);
  EXPECT_THAT(first.data<float>(), ElementsAre(0.5F, 1, 1));
  EXPECT_THAT(second.data<float>(), ElementsAre(1, 0));
}

}  // namespace
}  // namespace tenon

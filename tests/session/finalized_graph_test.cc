// No run changes the graph: every kind of fetch and feed, on a graph that is finalized.
#include <gtest/gtest.h>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class FinalizedGraphTest : public ::testing::TestWithParam<bool> {
 protected:
  FinalizedGraphTest() { get_variable_scope().set_use_resource(GetParam()); }

  Variable matrix(const std::string& name, std::vector<float> values, const Shape& shape,
                  Partitioner partitioner = {}) {
    return get_variable(name, {.initializer = constant(Tensor::from<float>(values, shape)),
                               .partitioner = std::move(partitioner)});
  }
  static std::vector<float> floats(const Tensor& tensor) {
    const auto values = tensor.data<float>();
    return {values.begin(), values.end()};
  }
  // From here on nothing may be made.
  void finalize() {
    session_.emplace(SessionOptions{.threads = 1});
    session_->run(init_);
    operations_ = graph_.operations().size();
    graph_.finalize();
  }
  void TearDown() override { EXPECT_EQ(graph_.operations().size(), operations_); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Operation init_;
  std::optional<Session> session_;
  size_t operations_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Variables, FinalizedGraphTest, ::testing::Bool(), [](const auto& tested) {
  return tested.param ? "Resource" : "Reference";
});

TEST_P(FinalizedGraphTest, FetchesAPartitionedVariableOfRowsAndOfColumns) {
  const std::vector<float> numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const Variable rows = matrix("rows", numbers, {6, 2}, fixed_size_partitioner(4));
  const Variable columns = matrix("columns", numbers, {2, 6}, fixed_size_partitioner(4, 1));
  const Variable whole = matrix("one_part", numbers, {6, 2}, fixed_size_partitioner(1));
  init_ = global_variables_initializer();
  finalize();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(floats(session_->run(rows)), numbers);
    EXPECT_EQ(session_->run(columns).shape(), Shape({2, 6}));
    EXPECT_EQ(floats(session_->run(columns)), numbers);
    const std::vector<Tensor> all = session_->run({whole, rows.parts()[1], columns, init_});
    EXPECT_EQ(floats(all[0]), numbers);
    EXPECT_EQ(floats(all[1]), (std::vector<float>{4, 5, 6, 7}));
    EXPECT_EQ(floats(all[2]), numbers);
    EXPECT_FALSE(all[3]);
  }
}

TEST_P(FinalizedGraphTest, CallsWithAPartitionedVariableAmongTheResults) {
  const Variable rows = matrix("rows", {1, 2, 3, 4}, {4}, fixed_size_partitioner(2));
  const Output x = placeholder(float32, {});
  const Output y = x + 1.0f;
  init_ = global_variables_initializer();
  finalize();
  const Callable callable = session_->make_callable({y, rows, init_, x}, {x});
  const std::vector<Tensor> results = callable({Tensor(5.0f)});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].scalar<float>(), 6.0f);
  EXPECT_EQ(floats(results[1]), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(results[2].scalar<float>(), 5.0f);
  std::vector<Tensor> room = {Tensor(), Tensor(float32, {4}), Tensor(0.0f)};
  const void* const memory = room[1].raw();
  callable.run_into({Tensor(5.0f)}, room);
  EXPECT_EQ(room[1].raw(), memory);
  EXPECT_EQ(floats(room[1]), (std::vector<float>{1, 2, 3, 4}));
  room[1] = Tensor(float32, {5});
  EXPECT_ERROR(callable.run_into({Tensor(5.0f)}, room), InvalidArgumentError, shape_incompatible,
               "Result 1 has shape (4,)");
  EXPECT_ERROR(callable({Tensor(5.0f)}, {.keep_on_device = true}), InvalidArgumentError,
               bad_argument, "joined on the host");
}

TEST_P(FinalizedGraphTest, FeedsPartsOfAPartitionedVariableButNotTheWhole) {
  const Variable rows = matrix("rows", {1, 2, 3, 4}, {4}, fixed_size_partitioner(2));
  const Output sum = reduce_sum(rows);
  init_ = global_variables_initializer();
  finalize();
  const Tensor two({10.0f, 20.0f});
  EXPECT_EQ(session_->run(sum, {{rows.parts()[0], two}}).scalar<float>(), 37.0f);
  EXPECT_ERROR(session_->run(sum, {{rows, Tensor({1.0f, 2.0f, 3.0f, 4.0f})}}), TypeError, bad_feed,
               "feed the parts of 'rows'");
  EXPECT_ERROR(session_->make_callable({sum}, {rows}), TypeError, bad_feed, "rows");
}

TEST_P(FinalizedGraphTest, FeedsAVariableToAllThatReadIt) {
  const Variable w = matrix("w", {1, 1}, {2});
  const Output y = reduce_sum(w * 2.0f), z = identity(w.read_value());
  const Output more = w.assign_add(Tensor({1.0f, 1.0f}));
  init_ = global_variables_initializer();
  finalize();
  const Tensor value({5.0f, 6.0f});
  const Feeds feeds = {{w, value}};
  EXPECT_EQ(session_->run(y, feeds).scalar<float>(), 22.0f);
  EXPECT_EQ(floats(session_->run(w, feeds)), (std::vector<float>{5, 6}));
  EXPECT_EQ(floats(session_->run(z, feeds)), (std::vector<float>{5, 6}));
  EXPECT_EQ(session_->run(y, {{"w:0", value}}).scalar<float>(), 22.0f);
  EXPECT_EQ(session_->make_callable({y}, {w})({value})[0].scalar<float>(), 22.0f);
  EXPECT_EQ(floats(session_->run(w)), (std::vector<float>{1, 1}));
  EXPECT_ERROR(session_->run(more, feeds), InvalidArgumentError, bad_feed, "may not be fed");
  EXPECT_ERROR(session_->run(y, {{w, Tensor({1.0f})}}), ValueError, bad_feed_shape, "(1,)");
  EXPECT_ERROR(session_->run(y, {{w, Tensor({1, 2})}}), ValueError, bad_feed, "int32");
  Session other(SessionOptions{.threads = 1});
  EXPECT_EQ(other.run(y, feeds).scalar<float>(), 22.0f) << "it needs no value of its own";
}

TEST_P(FinalizedGraphTest, FeedsAVariablesValueWhereItIsRead) {
  const Variable w = matrix("w", {1, 1}, {2});
  const Output value = w.value(), y = reduce_sum(value * 2.0f), element = w.graph_element();
  init_ = global_variables_initializer();
  finalize();
  const Tensor fed({5.0f, 6.0f});
  EXPECT_EQ(session_->run(y, {{value, fed}}).scalar<float>(), 22.0f);
  EXPECT_EQ(floats(session_->run(element, {{element, fed}})), (std::vector<float>{5, 6}));
  EXPECT_EQ(floats(session_->run(w)), (std::vector<float>{1, 1}));
}

TEST_P(FinalizedGraphTest, RunsEveryOtherKindOfFetchAndFeed) {
  const Variable w = matrix("w", {1, 1}, {2});
  const Output x = placeholder(float32, {-1}, {.name = "x"});
  const Output y = add(x, 1.0f, {.name = "y"});
  const Output size = placeholder(int32, {1}), cut = fill(size + 0, 2.0f);
  const Output value = w.value();
  init_ = global_variables_initializer();
  finalize();
  const Tensor two({1.0f, 2.0f});
  EXPECT_EQ(floats(session_->run("y:0", {{"x:0", two}})), (std::vector<float>{2, 3}));
  EXPECT_FALSE(session_->run("y", {{x, two}}));
  EXPECT_FALSE(session_->run(y.op(), {{x, two}}));
  EXPECT_EQ(floats(session_->run(y, {{y, two}})), (std::vector<float>{1, 2}));
  EXPECT_EQ(session_->run({w, value, w.graph_element()}).size(), 3u);
  EXPECT_EQ(session_->run(cut, {{size, Tensor({3})}}).shape(), Shape({3}));
  w.load(two, *session_);
  EXPECT_EQ(floats(session_->run(w)), (std::vector<float>{1, 2}));
  EXPECT_FALSE(session_->plan_text({y}, {{x, two}}).empty());
  EXPECT_FALSE(session_->explain_placement({y}, {{x, two}}).operations.empty());
  EXPECT_EQ(session_->make_callable({y, w}, {x}, {init_})({two}).size(), 2u);
}

}  // namespace
}  // namespace tenon

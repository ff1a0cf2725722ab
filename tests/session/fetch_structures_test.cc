// Fetches in nested structures, answered in the same structure, and feeds by map.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

struct Model {
  Output loss;
  std::vector<Output> outputs;
  Variable weight;
};
struct ModelValues {
  Tensor loss;
  std::vector<Tensor> outputs;
  Tensor weight;
};

}  // namespace

template <>
struct FetchTrait<Model> {
  using Values = ModelValues;
  static auto members(const Model& m) { return std::tie(m.loss, m.outputs, m.weight); }
};

namespace {

float number(const Tensor& tensor) { return tensor.scalar<float>(); }

class FetchStructuresTest : public ::testing::Test {
 protected:
  FetchStructuresTest()
      : x_(placeholder(float32, {}, {.name = "x"})),
        y_(x_ * 2.0F),
        w_(5.0F, {.name = "w"}),
        session_(graph_) {
    session_.run(global_variables_initializer());
  }

 private:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};

 protected:
  const Output x_, y_;
  const Variable w_;
  Session session_;
};

TEST_F(FetchStructuresTest, TuplesAndPairs) {
  const Feeds feeds = {{x_, Tensor(3.0F)}};
  const auto [y, w, none, named] =
      session_.run(std::tuple(y_, w_, no_op(), std::string("x:0")), feeds);
  EXPECT_EQ(number(y), 6.0F);
  EXPECT_EQ(number(w), 5.0F);
  EXPECT_FALSE(none);
  EXPECT_EQ(number(named), 3.0F);
  const std::pair<Tensor, std::vector<Tensor>> pair =
      session_.run(std::pair(y_, std::vector<Output>{x_, y_}), feeds);
  EXPECT_EQ(number(pair.second[1]), 6.0F);
}

TEST_F(FetchStructuresTest, ListsInLists) {
  const std::vector<std::vector<Output>> fetches = {{x_, y_}, {}, {y_}};
  const std::vector<std::vector<Tensor>> values = session_.run(fetches, {{x_, Tensor(1.0F)}});
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(number(values[0][1]), 2.0F);
  EXPECT_TRUE(values[1].empty());
  EXPECT_EQ(number(values[2][0]), 2.0F);
  const std::array<std::tuple<Output>, 2> array = {std::tuple(x_), std::tuple(y_)};
  EXPECT_EQ(number(std::get<0>(session_.run(array, {{x_, Tensor(4.0F)}})[1])), 8.0F);
}

TEST_F(FetchStructuresTest, Maps) {
  const std::map<std::string, std::vector<Output>> fetches = {{"both", {x_, y_}}, {"none", {}}};
  const std::map<std::string, std::vector<Tensor>> values =
      session_.run(fetches, {{x_, Tensor(1.0F)}});
  EXPECT_EQ(number(values.at("both")[1]), 2.0F);
  EXPECT_TRUE(values.at("none").empty());
  const std::unordered_map<int, Variable> variables = {{7, w_}};
  EXPECT_EQ(number(session_.run(variables).at(7)), 5.0F);
}

TEST_F(FetchStructuresTest, StructsByTheirTrait) {
  const Model model = {y_, {x_, y_}, w_};
  const ModelValues values = session_.run(model, {{x_, Tensor(2.0F)}});
  EXPECT_EQ(number(values.loss), 4.0F);
  EXPECT_EQ(number(values.outputs[0]), 2.0F);
  EXPECT_EQ(number(values.weight), 5.0F);
  const auto nested =
      session_.run(std::map<std::string, Model>{{"m", model}}, {{x_, Tensor(1.0F)}});
  EXPECT_EQ(number(nested.at("m").loss), 2.0F);
}

TEST_F(FetchStructuresTest, FailAsOtherRunsDo) {
  EXPECT_ERROR(session_.run(std::tuple(y_)), InvalidArgumentError, must_feed, "'x'");
  EXPECT_ERROR(session_.run(std::tuple(Output())), ValueError, bad_fetch, "is empty");
}

TEST_F(FetchStructuresTest, FeedsByMap) {
  const std::map<std::string, Tensor> by_name = {{"x:0", Tensor(3.0F)}};
  EXPECT_EQ(number(session_.run(y_, by_name)), 6.0F);
  const std::unordered_map<Output, Tensor> by_output = {{x_, Tensor(4.0F)}};
  EXPECT_EQ(number(session_.run(y_, by_output)), 8.0F);
  EXPECT_EQ(number(std::get<0>(session_.run(std::tuple(y_), by_output))), 8.0F);
}

}  // namespace
}  // namespace tenon

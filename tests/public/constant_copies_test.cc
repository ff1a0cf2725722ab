// What a program writes to a Tensor after it was an argument changes nothing of the graph.
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "tenon/tenon.h"

namespace tenon::test {
namespace {

class ConstantCopiesTest : public ::testing::Test {
 protected:
  float run(const Fetch& fetch) { return Session(graph_).run(fetch).data<float>()[0]; }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
  Tensor tensor_ = Tensor({1.0f, 2.0f});
};

TEST_F(ConstantCopiesTest, ConstantsKeepTheValueTheyWereMadeOf) {
  std::vector<Output> made;
  const float* elements = tensor_.data<float>().data();
  made.push_back(constant(tensor_));
  made.push_back(constant(tensor_, {.shape = {2, 1}}));
  made.push_back(constant(tensor_, {.dtype = float32}));
  made.push_back(identity(tensor_));
  made.push_back(add(tensor_, 0.0f));
  made.push_back(made[0] * tensor_);
  made.push_back(concat({tensor_, made[0]}, 0));
  made.push_back(constant(Input::weak(tensor_)));
  made.push_back(placeholder_with_default(tensor_, {2}));
  made.push_back(nn::softmax_cross_entropy_with_logits(
      {.labels = {{1.0f, 0.0f}}, .logits = Tensor({{0.0f, 0.0f}})}));
  std::vector<float> before;
  before.reserve(made.size());
  for (const Output& output : made) before.push_back(run(output));
  ASSERT_EQ(elements, tensor_.data<float>().data());
  tensor_.mutable_data<float>()[0] = 100;
  for (size_t i = 0; i < made.size(); ++i) EXPECT_EQ(run(made[i]), before[i]) << i;
  EXPECT_EQ(before[0], 1.0f);
}

TEST_F(ConstantCopiesTest, AMovedTensorsElementsAreNoConstants) {
  const std::span<float> elements = tensor_.mutable_data<float>();
  const Tensor keeps_them = tensor_;
  const Output made = constant(std::move(tensor_));
  elements[0] = 100;
  EXPECT_EQ(run(made), 1.0f);
}

TEST_F(ConstantCopiesTest, AdoptedMemoryIsCopiedToo) {
  std::vector<float> memory = {1.0f, 2.0f};
  const Output made = constant(Tensor::adopt(float32, {2}, memory.data(), nullptr));
  memory[0] = 100;
  EXPECT_EQ(run(made), 1.0f);
}

TEST_F(ConstantCopiesTest, StringsAreCopiedToo) {
  Tensor text({std::string("a"), std::string("b")});
  const Output made = constant(text);
  text.mutable_data<std::string>()[0] = "changed";
  EXPECT_EQ(Session().run(made).data<std::string>()[0], "a");
}

TEST_F(ConstantCopiesTest, InitialValuesKeepTheValueTheyWereMadeOf) {
  for (const bool resource : {false, true}) {
    Tensor start({1.0f, 2.0f});
    const std::string suffix = resource ? "r" : "";
    const Variable by_value(start, {.use_resource = resource});
    const Variable by_name =
        get_variable("a" + suffix, {.initializer = start, .use_resource = resource});
    const Variable filled = get_variable(
        "b" + suffix,
        {.shape = {2}, .initializer = constant_initializer(start), .use_resource = resource});
    start.mutable_data<float>()[0] = 100;
    Session session;
    session.run(global_variables_initializer());
    for (const Variable& variable : {by_value, by_name, filled}) {
      EXPECT_EQ(session.run(variable).data<float>()[0], 1.0f) << variable.name();
    }
  }
}

TEST_F(ConstantCopiesTest, ShapesKeepTheValueTheyWereMadeOf) {
  Tensor shape({2, 3});
  const Output y = reshape(range(6), shape);
  shape.mutable_data<int32_t>()[0] = 3;
  shape.mutable_data<int32_t>()[1] = 2;
  EXPECT_EQ(y.shape(), (Shape{2, 3}));
  EXPECT_EQ(Session().run(y).shape(), (Shape{2, 3}));
}

TEST_F(ConstantCopiesTest, AFetchedConstantIsTheCallersOwn) {
  const Output made = constant(tensor_), through = identity(made);
  Session session;
  for (const Output& output : {made, through, reshape(made, {2, 1})}) {
    Tensor first = session.run(output);
    first.mutable_data<float>()[0] = 100;
    EXPECT_EQ(session.run(output).data<float>()[0], 1.0f) << output;
  }
}

}  // namespace
}  // namespace tenon::test

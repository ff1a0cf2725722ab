// The programs that show what the public API looks like, as they are written in its description:
// compiled and run against the library as a user does.
#include <gtest/gtest.h>
#include <tenon/tenon.h>

#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace tn = tenon;

namespace {

class ApiProgramsTest : public testing::Test {
 protected:
  tn::Graph graph_of_the_test_;
  tn::Context as_default_ = graph_of_the_test_.enter_as_default();
};

TEST_F(ApiProgramsTest, NamesScopesAndReuse) {
  {
    auto scope = tn::variable_scope("test1");
    tn::Variable v = tn::get_variable("firstvar", {.shape = {2}, .dtype = tn::float32});
    v.name();  // "test1/firstvar:0"
    EXPECT_EQ(v.name(), "test1/firstvar:0");
  }
  {
    auto scope = tn::variable_scope("test1", {.reuse = true});  // true, tn::AUTO_REUSE, or nothing
    tn::Variable again = tn::get_variable("firstvar", {.shape = {2}});
    again.name();  // "test1/firstvar:0"
    EXPECT_EQ(again.name(), "test1/firstvar:0");
    EXPECT_EQ(again, tn::global_variables().at(0));
  }

  tn::VariableScope kept = tn::variable_scope("scope1").scope();  // capture it ...
  {
    auto outer = tn::variable_scope("scope2");
    auto inner = tn::variable_scope(kept);  // ... enter it from anywhere
    auto names = tn::name_scope("bar");
    tn::Variable w = tn::get_variable("w", {.shape = {1}});  // scope1/w:0
    tn::Output x = tn::add(1.0f, w, {.name = "add"});
    EXPECT_EQ(w.name(), "scope1/w:0");
    EXPECT_EQ(x.op().name(), "scope2/scope1/bar/add");
  }

  auto any = tn::variable_scope({.default_name = "layer"});  // layer, layer_1, ...
  EXPECT_EQ(any.name(), "layer");
  tn::get_variable_scope().reuse_variables();
  EXPECT_TRUE(any.scope().reuse().is_true());
  tn::Variable tied = tn::Variable(tn::Tensor(1.0f), {.name = "v1", .trainable = false});
  EXPECT_EQ(tied.name(), "layer/v1:0");
  EXPECT_FALSE(tied.trainable());
}

tn::Output conv_relu(tn::Output input, tn::Shape kernel_shape, tn::Shape bias_shape) {
  auto weights = tn::get_variable(
      "weights", {.shape = kernel_shape, .initializer = tn::random_normal_initializer()});
  auto biases = tn::get_variable(
      "biases", {.shape = bias_shape, .initializer = tn::constant_initializer(0.0)});
  auto conv = tn::nn::conv2d(input, weights, {.strides = {1, 1, 1, 1}, .padding = "SAME"});
  return tn::nn::relu(conv + biases);
}

tn::Output my_image_filter(tn::Output input_images) {
  tn::Output relu1;
  {
    auto scope = tn::variable_scope("conv1");
    relu1 = conv_relu(input_images, {5, 5, 32, 32}, {32});
  }
  auto scope = tn::variable_scope("conv2");
  return conv_relu(relu1, {5, 5, 32, 32}, {32});
}

TEST_F(ApiProgramsTest, ASharedImageFilter) {
  auto input1 = tn::random_normal({1, 10, 10, 32});
  auto input2 = tn::random_normal({1, 20, 20, 32});
  tn::Output output1, output2;
  {
    auto scope = tn::variable_scope("model");
    output1 = my_image_filter(input1);
    scope.reuse_variables();
    output2 = my_image_filter(input2);  // the same four variables
  }
  EXPECT_EQ(tn::global_variables().size(), 4u);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  std::vector<tn::Tensor> results = session.run({output1, output2});
  EXPECT_EQ(results.at(0).shape(), tn::Shape({1, 10, 10, 32}));
  EXPECT_EQ(results.at(1).shape(), tn::Shape({1, 20, 20, 32}));
}

tn::Output dense_layer(tn::Output x, int64_t units, const std::string& name) {
  auto scope = tn::variable_scope(name);
  auto weights = tn::get_variable("weights", {.shape = {x.shape()[-1], units}});
  auto biases =
      tn::get_variable("biases", {.shape = {units}, .initializer = tn::zeros_initializer()});
  return tn::matmul(x, weights) + biases;
}

TEST_F(ApiProgramsTest, RunningAndState) {
  const std::vector<float> data(40, 0.5f);
  tn::Variable v = tn::get_variable("v", {.shape = {3}, .initializer = tn::zeros_initializer()});
  auto x = tn::placeholder(tn::float32, {-1, 10}, {.name = "x"});  // -1: unknown
  auto y = dense_layer(x, 20, "layer1");
  tn::Output labels = tn::placeholder(tn::int32, {-1});
  tn::Output loss = tn::reduce_mean(
      tn::nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = y}));
  tn::Operation train_op =
      tn::train::GradientDescentOptimizer({.learning_rate = 0.1f}).minimize(loss);
  const tn::Tensor x_value = tn::Tensor::from(data, {4, 10});
  const tn::Tensor labels_value({0, 1, 2, 3});
  const tn::Feeds feeds = {{x, x_value}};

  tn::Session session;                              // of the default graph
  session.run(tn::global_variables_initializer());  // an Operation
  tn::Tensor value = session.run(y, {{x, tn::Tensor::from<float>(data, {4, 10})}});
  std::vector<tn::Tensor> both = session.run({y, v}, feeds);
  auto step = session.make_callable({loss}, {x, labels}, {train_op});  // planned once
  std::vector<tn::Tensor> out = step({x_value, labels_value});
  std::vector<tn::Tensor> outputs = {tn::Tensor(tn::float32, {})};
  step.run_into({x_value, labels_value}, outputs);       // the caller's tensors
  std::span<const float> numbers = value.data<float>();  // row-major
  std::ostringstream printed;
  printed << value;

  EXPECT_EQ(value.shape(), tn::Shape({4, 20}));
  EXPECT_EQ(numbers.size(), 80u);
  EXPECT_EQ(both.at(1).shape(), tn::Shape({3}));
  EXPECT_LT(outputs[0].scalar<float>(), out.at(0).scalar<float>());
  EXPECT_EQ(printed.str().substr(0, 2), "[[");
}

TEST_F(ApiProgramsTest, VariablesAndTheirMethods) {
  tn::Variable v =
      tn::get_variable("model/v", {.shape = {}, .initializer = tn::zeros_initializer()});
  tn::Output t = tn::constant(2.0f);
  tn::Output assignment = v.assign(t);
  tn::Output written;
  {
    auto after = tn::control_dependencies({assignment});
    tn::Output fresh = v.read_value();
    written = fresh;
  }
  v.initializer();
  v.assign(t);
  v.assign_add(1.0f);
  v.initialized_value();
  v.device();
  v.shape();
  v.dtype();
  v.op();
  tn::Output missing = tn::report_uninitialized_variables();
  std::vector<tn::Variable> trained =
      tn::get_collection<tn::Variable>(tn::GraphKeys::TRAINABLE_VARIABLES, "model/");
  EXPECT_EQ(trained, std::vector<tn::Variable>{v});

  tn::Session session;
  EXPECT_EQ(session.run(missing).data<std::string>()[0], "model/v");
  session.run(tn::global_variables_initializer());
  EXPECT_EQ(session.run(missing).element_count(), 0);
  EXPECT_EQ(session.run(written).scalar<float>(), 2.0f);
}

TEST_F(ApiProgramsTest, Placement) {
  std::ostringstream lines;
  std::streambuf* console = std::cout.rdbuf(lines.rdbuf());
  tn::Variable w = tn::get_variable("w", {.shape = {4}});
  {
    auto on = tn::device("/device:GPU:1");
    tn::Variable v = tn::get_variable("v", {.shape = {1}});
    EXPECT_EQ(v.device(), "/device:GPU:1");
  }
  {
    auto spread = tn::device(tn::train::replica_device_setter(
        {.cluster = {{"ps", {"ps0:2222", "ps1:2222"}}, {"worker", {"w0:2222"}}}}));
    tn::Graph elsewhere;
    auto inside = elsewhere.as_default();
    auto of_its_own = tn::device(tn::train::replica_device_setter({.ps_tasks = 1}));
    EXPECT_EQ(tn::get_variable("p", {.shape = {1}}).device(), "/job:ps/task:0");
  }

  testing::internal::CaptureStderr();
  tn::Session session({.allow_soft_placement = true, .log_device_placement = true});
  session.run(tn::global_variables_initializer());
  const std::string placements = testing::internal::GetCapturedStderr();
  for (const tn::DeviceInfo& d : session.list_devices())
    std::cout << d.name << ' ' << d.memory_limit << '\n';
  for (const tn::Allocation& a : session.variable_allocations())
    std::cout << a.variable << ' ' << a.device << ' ' << a.bytes << '\n';
  std::cout.rdbuf(console);

  EXPECT_NE(placements.find("v: (VariableV2): "), std::string::npos) << placements;
  EXPECT_NE(lines.str().find("device:CPU:0 "), std::string::npos) << lines.str();
  EXPECT_NE(lines.str().find("w "), std::string::npos) << lines.str();
  EXPECT_NE(lines.str().find(" 16\n"), std::string::npos) << lines.str();
}

TEST_F(ApiProgramsTest, AGraphOfOnesOwn) {
  tn::Graph graph;  // a graph of one's own
  auto as_default = graph.as_default();
  EXPECT_EQ(tn::get_default_graph(), graph);
  EXPECT_EQ(tn::constant(1.0f).graph(), graph);
}

TEST_F(ApiProgramsTest, Training) {
  tn::Variable w = tn::get_variable("w", {.shape = {2, 3}});
  tn::Variable b = tn::get_variable("b", {.shape = {3}, .initializer = tn::zeros_initializer()});
  tn::Output inputs = tn::constant({{1.0f, -1.0f}, {-1.0f, 1.0f}});
  tn::Output labels = tn::constant({0, 2});
  tn::Output logits = tn::matmul(inputs, w) + b;

  auto loss = tn::reduce_mean(
      tn::nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = logits}));
  tn::Variable global_step = tn::train::get_or_create_global_step();
  tn::Operation train_op = tn::train::AdamOptimizer({.learning_rate = 1e-3})
                               .minimize(loss, {.global_step = global_step});
  std::vector<tn::Output> grads = tn::gradients({loss}, {w, b});

  tn::Session session;
  session.run(tn::global_variables_initializer());
  const float before = session.run(loss).scalar<float>();
  for (int i = 0; i < 10; ++i) session.run(train_op);
  EXPECT_LT(session.run(loss).scalar<float>(), before);
  EXPECT_EQ(session.run(global_step).scalar<int64_t>(), 10);
  ASSERT_EQ(grads.size(), 2u);
  EXPECT_EQ(session.run(grads[0]).shape(), tn::Shape({2, 3}));
  EXPECT_EQ(session.run(grads[1]).shape(), tn::Shape({3}));
}

TEST_F(ApiProgramsTest, AnErrorSaysWhatWasFoundAndWhatToDo) {
  auto scope = tn::variable_scope("test1");
  tn::get_variable("w", {.shape = {2}});
  const int line = __LINE__ - 1;
  try {
    tn::get_variable("w", {.shape = {2}});
    FAIL() << "made a second variable of that name";
  } catch (const tn::ValueError& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.kind(), tn::ErrorKind::already_exists);
    EXPECT_NE(message.find("Variable test1/w already exists"), std::string::npos) << message;
    EXPECT_NE(message.find("api_programs_test.cc:" + std::to_string(line)), std::string::npos)
        << message;
    EXPECT_NE(message.find("{.reuse = true}"), std::string::npos) << message;
    EXPECT_NE(message.find("{.reuse = tenon::AUTO_REUSE}"), std::string::npos) << message;
  }
}

}  // namespace

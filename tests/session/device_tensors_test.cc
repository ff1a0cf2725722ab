// Values that stay in a GPU's memory between runs, and runs on the caller's stream.
#include <gtest/gtest.h>

#include "tenon/cuda.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class DeviceTensorsTest : public ::testing::Test {
 protected:
  DeviceTensorsTest() { session_.run(global_variables_initializer()); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {2}, {.name = "x"});
  Variable scale_ = Variable(Tensor({2.0f, 3.0f}), {.name = "scale"});
  Output y_ = x_ * scale_;
  Session session_{SessionOptions{.allow_soft_placement = true, .emulated_gpus = 1}};
  const RunOptions kept_ = {.keep_on_device = true};
};

TEST_F(DeviceTensorsTest, AreFedToTheNextRunWithoutACopy) {
  const Callable step = session_.make_callable({y_}, {x_});
  Tensor value = step({Tensor({1.0f, 1.0f})}, kept_)[0];
  EXPECT_NE(value.device().find("device:GPU:0"), std::string::npos);
  for (int i = 0; i < 4; ++i) value = step({value}, kept_)[0];
  const Tensor host = step({value})[0];
  EXPECT_EQ(host.data<float>()[0], 64.0f);
  EXPECT_EQ(host.data<float>()[1], 729.0f);
}

TEST_F(DeviceTensorsTest, TheHostDoesNotReadThem) {
  const Tensor value = session_.make_callable({y_}, {x_})({Tensor({1.0f, 1.0f})}, kept_)[0];
  EXPECT_ERROR(value.data<float>(), RuntimeError, bad_placement,
               "This tensor lies in memory of /job:localhost/replica:0/task:0/device:GPU:0");
  EXPECT_ERROR(value.clone(), RuntimeError, bad_placement, "fetch it from a run");
}

TEST_F(DeviceTensorsTest, AFetchedVariableIsACopy) {
  const Callable read = session_.make_callable({scale_});
  const Tensor before = read({}, kept_)[0];
  session_.run(scale_.assign(Tensor({5.0f, 5.0f})).op());
  const Tensor host = session_.make_callable({y_}, {x_})({before})[0];
  EXPECT_EQ(host.data<float>()[0], 10.0f);
}

TEST_F(DeviceTensorsTest, AFedValueThatIsFetchedIsACopyThere) {
  const Callable pass = session_.make_callable({x_}, {x_});
  const Tensor there = session_.make_callable({y_}, {x_})({Tensor({1.0f, 1.0f})}, kept_)[0];
  const Tensor copy = pass({there}, kept_)[0];
  EXPECT_NE(copy.raw(), there.raw());
  EXPECT_EQ(pass({copy})[0].data<float>()[1], 3.0f);
}

TEST_F(DeviceTensorsTest, TakeTheResultsOfRunInto) {
  const Callable step = session_.make_callable({y_}, {x_});
  std::vector<Tensor> out = step({Tensor({1.0f, 1.0f})}, kept_);
  const void* memory = out[0].raw();
  step.run_into({Tensor({4.0f, 4.0f})}, out, kept_);
  EXPECT_EQ(out[0].raw(), memory);
  EXPECT_EQ(step({out[0]})[0].data<float>()[0], 16.0f);
  EXPECT_ERROR(step.run_into({Tensor({4.0f, 4.0f})}, out), InvalidArgumentError, bad_placement,
               "Result 0 is made on /job:localhost/replica:0/task:0/device:CPU:0");
}

TEST_F(DeviceTensorsTest, OutliveTheirSession) {
  Tensor value;
  {
    Session other(SessionOptions{.allow_soft_placement = true, .emulated_gpus = 1});
    other.run(global_variables_initializer());
    value = other.make_callable({y_}, {x_})({Tensor({1.0f, 1.0f})}, kept_)[0];
  }
  EXPECT_EQ(session_.make_callable({y_}, {x_})({value})[0].data<float>()[1], 9.0f);
}

TEST_F(DeviceTensorsTest, RunOnTheCallersStream) {
  const Callable step = session_.make_callable({y_}, {x_});
  for (int i = 0; i < 4; ++i) {
    const Tensor value = step({Tensor({1.0f, 1.0f})}, cuda::on_stream(nullptr))[0];
    EXPECT_EQ(step({value})[0].data<float>()[0], 4.0f);
  }
  EXPECT_ERROR(step({Tensor({1.0f, 1.0f})}, cuda::on_stream(nullptr, 3)), InvalidArgumentError,
               bad_device, "This session has no GPU 3; its devices are /job:localhost");
}

TEST_F(DeviceTensorsTest, OfADeviceThatIsNotThereAreNotFed) {
  float numbers[2] = {};
  const Tensor foreign = cuda::wrap(numbers, float32, {2}, 5);
  EXPECT_EQ(foreign.device(), "/device:GPU:5");
  EXPECT_ERROR(session_.run(y_, {{x_, foreign}}), ValueError, bad_feed,
               "lies in memory of /device:GPU:5");
}

// What shapes depend on is read on the host, wherever it was fed.
TEST_F(DeviceTensorsTest, DecideShapes) {
  const Output sizes = placeholder(int32, {1}, {.name = "sizes"});
  const Output filled = fill(sizes, 1.5f);
  Output kept;
  {
    auto on = device("/gpu:0");
    kept = identity(sizes) + 0;
  }
  const Tensor there = session_.make_callable({kept}, {sizes})({Tensor({3})}, kept_)[0];
  EXPECT_EQ(session_.run(filled, {{sizes, there}}).shape(), Shape({3}));
}

}  // namespace
}  // namespace tenon

// Results written into memory that is fed: the right numbers, whatever reads it when. Results
// written over each other: an error.
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

std::vector<float> floats_of(const Tensor& tensor) {
  const auto values = tensor.data<float>();
  return {values.begin(), values.end()};
}

Tensor some_numbers(const Shape& shape) {
  Tensor tensor(float32, shape);
  int64_t i = 0;
  for (float& x : tensor.mutable_data<float>()) x = static_cast<float>((i++ * 37) % 101) / 10 - 5;
  return tensor;
}

struct InPlaceCase {
  const char* name;
  Shape shape;
  std::function<Output(const Output&)> build;
};
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const InPlaceCase& one, std::ostream* out) { *out << one.name; }

class InPlaceTest : public ::testing::TestWithParam<InPlaceCase> {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

INSTANTIATE_TEST_SUITE_P(
    Operations, InPlaceTest,
    ::testing::Values(
        InPlaceCase{"Relu", {32, 32}, [](const Output& x) { return nn::relu(x); }},
        InPlaceCase{"Conv2D",
                    {1, 32, 32, 1},
                    [](const Output& x) {
                      return nn::conv2d(x, fill({3, 3, 1, 1}, 1.0f / 9), {.padding = "SAME"});
                    }},
        InPlaceCase{"MaxPool",
                    {1, 32, 32, 1},
                    [](const Output& x) {
                      return nn::max_pool(x, {.ksize = {3}, .strides = {1}, .padding = "SAME"});
                    }},
        InPlaceCase{"ProductWithItself", {32, 32}, [](const Output& x) { return matmul(x, x); }},
        InPlaceCase{"LargeProduct",
                    {200, 200},
                    [](const Output& x) {
                      return matmul(x, ones({200, 200}));
                    }},
        InPlaceCase{"Reverse",
                    {1024},
                    [](const Output& x) {
                      return strided_slice(x, {0}, {0},
                                           {.strides = {-1}, .begin_mask = 1, .end_mask = 1});
                    }},
        InPlaceCase{"Gather",
                    {64, 4},
                    [](const Output& x) {
                      std::vector<int32_t> rows(64);
                      for (int i = 0; i < 64; ++i) rows[static_cast<size_t>(i)] = 63 - i;
                      return gather(x, constant(Tensor::from<int32_t>(rows, {64})));
                    }},
        InPlaceCase{"Softmax", {8, 16}, [](const Output& x) { return nn::softmax(x); }},
        InPlaceCase{"Cumsum", {40, 5}, [](const Output& x) { return cumsum(x, {.axis = 0}); }},
        InPlaceCase{"Transpose", {32, 32}, [](const Output& x) { return transpose(x); }},
        InPlaceCase{"TheFeedItself", {16}, [](const Output& x) { return x; }},
        InPlaceCase{"AReadAfterTheResult",
                    {16, 16},
                    [](const Output& x) { return matmul(x, x) + reduce_sum(x); }}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(InPlaceTest, IsRightWhereTheResultIsWhatWasFed) {
  const Output x = placeholder(float32, GetParam().shape), y = GetParam().build(x);
  Session session({.threads = 1});
  const Tensor fed = some_numbers(GetParam().shape);
  const std::vector<float> expected = floats_of(session.run(y, {{x, fed.clone()}}));
  const Callable callable = session.make_callable({y}, {x});
  for (int again = 0; again < 2; ++again) {
    const Tensor in = fed.clone();
    Tensor out = Tensor::adopt(float32, GetParam().shape, in.raw(), {});
    callable.run_into({in}, {&out, 1});
    EXPECT_EQ(floats_of(in), expected);
    EXPECT_EQ(out.raw(), in.raw());
  }
}

class OverlapTest : public ::testing::Test {
 protected:
  // A part of `memory` from an element on.
  static Tensor part(const Tensor& memory, int64_t from, const Shape& shape) {
    return Tensor::adopt(float32, shape, static_cast<float*>(memory.raw()) + from, {});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {4}, {.name = "x"}),
         y_ = placeholder(float32, {4}, {.name = "y"});
};

TEST_F(OverlapTest, AResultMayLieOverAPartOfWhatIsFed) {
  Session session;
  const Callable reversed = session.make_callable({concat({x_, y_}, 0) * 2.0f}, {x_, y_});
  const Tensor memory({1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f, 8.0f, 0.0f, 0.0f});
  Tensor out = part(memory, 2, {8});
  reversed.run_into({part(memory, 0, {4}), part(memory, 4, {4})}, {&out, 1});
  EXPECT_EQ(floats_of(memory), (std::vector<float>{1, 2, 2, 4, 6, 8, 10, 12, 14, 16}));
}

TEST_F(OverlapTest, ResultsMayTakeEachOthersFeeds) {
  Session session;
  const Callable swap = session.make_callable({y_, x_, x_ + y_}, {x_, y_});
  const Tensor a({1.0f, 2.0f, 3.0f, 4.0f}), b({5.0f, 6.0f, 7.0f, 8.0f});
  std::vector<Tensor> results = {a, b, Tensor()};
  swap.run_into({a, b}, results);
  EXPECT_EQ(floats_of(a), (std::vector<float>{5, 6, 7, 8}));
  EXPECT_EQ(floats_of(b), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(floats_of(results[2]), (std::vector<float>{6, 8, 10, 12}));
}

TEST_F(OverlapTest, ResultsOverEachOtherAreRefusedAndNothingIsWritten) {
  Session session;
  const Variable count = Variable(Tensor(0), {.name = "count"});
  session.run(count.initializer());
  const Callable both =
      session.make_callable({x_ + 1.0f, x_ + 2.0f}, {x_}, {count.assign_add(1).op()});
  const Tensor fed({1.0f, 2.0f, 3.0f, 4.0f}), memory(float32, {6});
  std::vector<Tensor> same = {part(memory, 0, {4}), part(memory, 0, {4})};
  EXPECT_ERROR(both.run_into({fed}, same), InvalidArgumentError, bad_argument,
               "Results 0 and 1 are to be written into tensors that share memory");
  std::vector<Tensor> partly = {part(memory, 2, {4}), part(memory, 0, {4})};
  EXPECT_ERROR(both.run_into({fed}, partly), InvalidArgumentError, bad_argument, "share memory");
  EXPECT_EQ(floats_of(memory), std::vector<float>(6, 0.0f));
  EXPECT_EQ(session.run(count).scalar<int32_t>(), 0);
  std::vector<Tensor> apart = {Tensor(float32, {4}), part(memory, 0, {4})};
  both.run_into({fed}, apart);
  EXPECT_EQ(floats_of(memory), (std::vector<float>{3, 4, 5, 6, 0, 0}));
}

TEST_F(OverlapTest, TensorsWithoutElementsShareNothing) {
  const Output none = placeholder(float32, {0});
  Session session;
  const Callable both = session.make_callable({none + 1.0f, none * 2.0f}, {none});
  const Tensor memory(float32, {1});
  std::vector<Tensor> results = {part(memory, 0, {0}), part(memory, 0, {0})};
  both.run_into({Tensor(float32, {0})}, results);
  EXPECT_EQ(results[0].shape(), Shape({0}));
}

TEST_F(OverlapTest, StringsToo) {
  const Output text = placeholder(DType::string, {2}, {.name = "text"});
  const Output swapped = gather(text, constant({1, 0}));
  Session session;
  const Callable swap = session.make_callable({swapped}, {text});
  const std::vector<std::string> texts = {"one", "a second one that is longer"};
  std::vector<Tensor> memory = {Tensor::from<std::string>(texts, {2})};
  swap.run_into({memory[0]}, memory);
  EXPECT_EQ(memory[0].data<std::string>()[0], "a second one that is longer");
  EXPECT_EQ(memory[0].data<std::string>()[1], "one");
}

TEST_F(OverlapTest, OnADeviceToo) {
  const Output x = placeholder(float32, {8, 8});
  Session session({.emulated_gpus = 1});
  const Callable product = session.make_callable({matmul(x, x)}, {x});
  const RunOptions stay = {.keep_on_device = true};
  const Callable copy = session.make_callable({x + 0.0f}, {x});
  const Tensor on_host = some_numbers({8, 8});
  std::vector<Tensor> on_gpu = copy({on_host}, stay);
  const Tensor fed = on_gpu[0];
  product.run_into({fed}, on_gpu, stay);
  EXPECT_EQ(floats_of(copy({fed})[0]), floats_of(product({on_host})[0]));
}

TEST_F(OverlapTest, AfterACutToo) {
  const Output shape = placeholder(int32, {2});
  Session session;
  const Callable callable =
      session.make_callable({matmul(reshape(x_, shape + 0), ones({2, 2}))}, {x_, shape});
  const Tensor memory({1.0f, 2.0f, 3.0f, 4.0f});
  std::vector<Tensor> out = {part(memory, 0, {2, 2})};
  callable.run_into({memory, Tensor({2, 2})}, out);
  EXPECT_EQ(floats_of(memory), (std::vector<float>{3, 3, 7, 7}));
}

}  // namespace
}  // namespace tenon

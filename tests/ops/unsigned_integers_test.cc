// uint32 and uint64, whose highest bit is part of the number. Values are those of TensorFlow 2.21.
#include <gmock/gmock.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tenon/bitwise.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

// The largest number of a type, and the least with the highest bit.
template <typename T>
constexpr T kMostOf = std::numeric_limits<T>::max();
template <typename T>
constexpr T kHalfOf = kMostOf<T> / 2 + 1;

template <typename T>
class UnsignedTest : public ::testing::Test {
 protected:
  using Function = std::function<Output(const Output&, const Output&)>;

  // Of what is fed, and of constants, which are folded.
  static void expect_values(const Function& function, const Tensor& expected) {
    const Output x = placeholder(dtype_of<T>, {-1}), y = placeholder(dtype_of<T>, {-1});
    EXPECT_EQ(run(function(x, y), {{x, Tensor(kX)}, {y, Tensor(kY)}}), expected);
    EXPECT_EQ(run(function(constant(Tensor(kX)), constant(Tensor(kY)))), expected);
  }
  static void expect_numbers(const Function& function, const std::vector<T>& expected) {
    expect_values(function, Tensor(expected));
  }

  inline static const std::vector<T> kX = {
      0, 1, kMostOf<T>, kHalfOf<T>, 7, kMostOf<T> - 1, kHalfOf<T> - 1, kHalfOf<T> + 3};
  inline static const std::vector<T> kY = {3, kMostOf<T>, kMostOf<T>, kHalfOf<T>,
                                           2, 1,          kHalfOf<T>, 5};

 private:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};
using Types = ::testing::Types<uint32_t, uint64_t>;
TYPED_TEST_SUITE(UnsignedTest, Types);

TYPED_TEST(UnsignedTest, ArithmeticWraps) {
  constexpr auto kMost = kMostOf<TypeParam>, kHalf = kHalfOf<TypeParam>;
  using Two = const Output&;
  this->expect_numbers([](Two x, Two y) { return x + y; },
                       {3, 0, kMost - 1, 0, 9, kMost, kMost, kHalf + 8});
  this->expect_numbers([](Two x, Two y) { return x - y; },
                       {kMost - 2, 2, 0, 0, 5, kMost - 2, kMost, kHalf - 2});
  this->expect_numbers([](Two x, Two y) { return x * y; },
                       {0, kMost, 1, 0, 14, kMost - 1, kHalf, kHalf + 15});
  this->expect_numbers([](Two x, Two y) { return floordiv(x, y); },
                       {0, 0, 1, 1, 3, kMost - 1, 0, (kHalf + 3) / 5});
  this->expect_numbers([](Two x, Two y) { return x % y; }, {0, 1, 0, 0, 1, 0, kHalf - 1, 1});
  this->expect_numbers(
      [](Two x, Two y) {
        return add_n({x, y, x});
      },
      {3, 1, kMost - 2, kHalf, 16, kMost - 2, kHalf - 2, 11});
  this->expect_numbers([](Two x, Two) { return square(x); }, {0, 1, 1, 0, 49, 4, 1, 9});
  this->expect_numbers([](Two x, Two) { return x + 1; },
                       {1, 2, 0, kHalf + 1, 8, kMost, kHalf, kHalf + 4});
  this->expect_values([](Two x, Two) { return truediv(slice(x, {3}, {3}), 4); },
                      Tensor({kHalf / 4.0, 1.75, static_cast<double>(kMostOf<TypeParam> - 1) / 4}));
}

TYPED_TEST(UnsignedTest, ComparisonsTakeTheHighestBitForANumber) {
  constexpr auto kMost = kMostOf<TypeParam>, kHalf = kHalfOf<TypeParam>;
  using Two = const Output&;
  this->expect_values([](Two x, Two y) { return less(x, y); },
                      Tensor({true, true, false, false, false, false, true, false}));
  this->expect_values([](Two x, Two y) { return less_equal(x, y); },
                      Tensor({true, true, true, true, false, false, true, false}));
  this->expect_values([](Two x, Two y) { return greater(x, y); },
                      Tensor({false, false, false, false, true, true, false, true}));
  this->expect_values([](Two x, Two y) { return greater_equal(x, y); },
                      Tensor({false, false, true, true, true, true, false, true}));
  this->expect_values([](Two x, Two y) { return equal(x, y); },
                      Tensor({false, false, true, true, false, false, false, false}));
  this->expect_values([](Two x, Two y) { return not_equal(x, y); },
                      Tensor({true, true, false, false, true, true, true, true}));
  this->expect_numbers([](Two x, Two y) { return maximum(x, y); },
                       {3, kMost, kMost, kHalf, 7, kMost - 1, kHalf, kHalf + 3});
  this->expect_numbers([](Two x, Two y) { return minimum(x, y); },
                       {0, 1, kMost, kHalf, 2, 1, kHalf - 1, 5});
  this->expect_numbers([](Two x, Two y) { return where(less(x, y), x, y); },
                       {0, 1, kMost, kHalf, 2, 1, kHalf - 1, 5});
  this->expect_numbers([](Two x, Two) { return nn::relu(x); }, TestFixture::kX);
  this->expect_numbers([](Two x, Two) { return nn::relu6(x); }, {0, 1, 6, 6, 6, 6, 6, 6});
  this->expect_numbers(
      [](Two x, Two) { return clip_by_value(x, Tensor(TypeParam{5}), Tensor(kHalf + 1)); },
      {5, 5, kHalf + 1, kHalf, 7, kHalf + 1, kHalf - 1, kHalf + 1});
  this->expect_numbers([](Two x, Two) { return round(x); }, TestFixture::kX);
}

TYPED_TEST(UnsignedTest, BitsAreAllThereAre) {
  using T = TypeParam;
  constexpr T kMost = kMostOf<T>, kHalf = kHalfOf<T>;
  constexpr auto kBits = static_cast<uint8_t>(8 * sizeof(T));
  using Two = const Output&;
  this->expect_numbers([](Two x, Two y) { return bitwise::left_shift(x, y); },
                       {0, kHalf, kHalf, 0, 28, kMost - 3, kHalf, 96});
  this->expect_numbers([](Two x, Two y) { return bitwise::right_shift(x, y); },
                       {0, 0, 1, 1, 1, kHalf - 1, 0, kHalf >> 5});
  this->expect_numbers([](Two x, Two) { return bitwise::invert(x); },
                       {kMost, kMost - 1, 0, kHalf - 1, kMost - 7, 1, kHalf, kHalf - 4});
  this->expect_values(
      [](Two x, Two) { return bitwise::population_count(x); },
      Tensor({uint8_t{0}, uint8_t{1}, kBits, uint8_t{1}, uint8_t{3},
              static_cast<uint8_t>(kBits - 1), static_cast<uint8_t>(kBits - 1), uint8_t{3}}));
}

TYPED_TEST(UnsignedTest, ReductionsAndScansWrap) {
  using T = TypeParam;
  constexpr T kMost = kMostOf<T>, kHalf = kHalfOf<T>;
  using Two = const Output&;
  const auto all = [](Two x, const Output& product) {
    return stack({reduce_sum(x), reduce_prod(product), reduce_max(x), reduce_min(x)});
  };
  this->expect_numbers([&](Two x, Two) { return all(x, slice(x, {4}, {3})); },
                       {kHalf + 7, 14, kMost, 0});
  this->expect_numbers(
      [&](Two x, Two) {
        const Output none = slice(x, {0}, {0});
        return concat({all(none, none), reshape(reduce_mean(none), {1})}, 0);
      },
      {0, 1, 0, kMost, 0});
  this->expect_numbers([](Two x, Two) { return cumsum(x); },
                       {0, 1, 0, kHalf, kHalf + 7, kHalf + 5, 4, kHalf + 7});
  this->expect_numbers([](Two x, Two) { return cumsum(x, {.exclusive = true, .reverse = true}); },
                       {kHalf + 7, kHalf + 6, kHalf + 7, 7, 0, 2, kHalf + 3, 0});
  this->expect_numbers([](Two x, Two) { return cumprod(slice(x, {4}, {3})); }, {7, kMost - 13, 14});
}

TYPED_TEST(UnsignedTest, OrderIsThatOfTheNumbers) {
  using T = TypeParam;
  constexpr T kMost = kMostOf<T>, kHalf = kHalfOf<T>;
  using Two = const Output&;
  const std::vector<T> rising = {0, 1, 7, kHalf - 1, kHalf, kHalf + 3, kMost - 1, kMost};
  this->expect_numbers([](Two x, Two) { return sort(x); }, rising);
  this->expect_numbers([](Two x, Two) { return sort(x, {.direction = "DESCENDING"}); },
                       {rising.rbegin(), rising.rend()});
  this->expect_values([](Two x, Two) { return argsort(x); }, Tensor({0, 1, 4, 6, 3, 7, 5, 2}));
  this->expect_values([](Two x, Two) { return nn::top_k(x, {.k = 3}).indices; }, Tensor({2, 5, 7}));
  this->expect_numbers([](Two x, Two) { return nn::top_k(x, {.k = 3}).values; },
                       {kMost, kMost - 1, kHalf + 3});
  this->expect_values([](Two x, Two) { return argmax(x); }, Tensor(int64_t{2}));
  this->expect_values([](Two x, Two) { return argmin(x); }, Tensor(int64_t{0}));
  const Unique found = unique(constant(Tensor(std::vector<T>{kHalf, 3, kMost, kHalf, kMost, 0})));
  EXPECT_EQ(run(found.y), Tensor(std::vector<T>{kHalf, 3, kMost, 0}));
  EXPECT_EQ(run(found.idx), Tensor({0, 1, 2, 0, 2, 3}));
  this->expect_values([](Two x, Two) { return where(x); }, Tensor({{int64_t{1}},
                                                                   {int64_t{2}},
                                                                   {int64_t{3}},
                                                                   {int64_t{4}},
                                                                   {int64_t{5}},
                                                                   {int64_t{6}},
                                                                   {int64_t{7}}}));
}

TYPED_TEST(UnsignedTest, SegmentsStartAtTheEndsOfTheType) {
  using T = TypeParam;
  constexpr T kMost = kMostOf<T>, kHalf = kHalfOf<T>;
  using Two = const Output&;
  const Tensor ids({0, 0, 0, 1, 1, 1, 1, 3});
  this->expect_numbers([&](Two x, Two) { return unsorted_segment_sum(x, ids, 4); },
                       {0, 4, 0, kHalf + 3});
  this->expect_numbers([&](Two x, Two) { return unsorted_segment_prod(x, ids, 4); },
                       {0, 0, 1, kHalf + 3});
  this->expect_numbers([&](Two x, Two) { return unsorted_segment_max(x, ids, 4); },
                       {kMost, kMost - 1, 0, kHalf + 3});
  this->expect_numbers([&](Two x, Two) { return unsorted_segment_min(x, ids, 4); },
                       {0, 7, kMost, kHalf + 3});
  this->expect_numbers([&](Two x, Two) { return segment_sum(x, ids); }, {0, 4, 0, kHalf + 3});
}

TYPED_TEST(UnsignedTest, ElementsAreMovedWhole) {
  using T = TypeParam;
  constexpr T kMost = kMostOf<T>, kHalf = kHalfOf<T>;
  using Two = const Output&;
  const auto first = [](Two x) { return slice(x, {1}, {3}); };  // 1, the most, the half
  this->expect_numbers(
      [&](Two x, Two) {
        return concat({first(x), first(x)}, 0);
      },
      {1, kMost, kHalf, 1, kMost, kHalf});
  this->expect_numbers([&](Two x, Two) { return reverse(first(x), {0}); }, {kHalf, kMost, 1});
  this->expect_numbers([&](Two x, Two) { return tile(first(x), {2}); },
                       {1, kMost, kHalf, 1, kMost, kHalf});
  this->expect_numbers([&](Two x, Two) { return gather(x, {2, 0, 2}); }, {kMost, 0, kMost});
  this->expect_numbers([&](Two x, Two) { return gather_nd(x, {{2}, {5}}); }, {kMost, kMost - 1});
  this->expect_numbers(
      [&](Two x, Two) {
        return pad(first(x), {{1, 0}}, {.constant_values = Tensor(kMost)});
      },
      {kMost, 1, kMost, kHalf});
  this->expect_numbers(
      [&](Two x, Two) {
        return pad(first(x), {{1, 1}}, {.mode = "REFLECT"});
      },
      {kMost, 1, kMost, kHalf, kMost});
  this->expect_values(
      [&](Two x, Two y) {
        return transpose(stack({first(x), first(y)}));
      },
      Tensor({{T{1}, kMost}, {kMost, kMost}, {kHalf, kHalf}}));
  this->expect_numbers(
      [&](Two x, Two) {
        return unstack(reshape(x, {2, 4}))[1];
      },
      {7, kMost - 1, kHalf - 1, kHalf + 3});
  this->expect_numbers(
      [&](Two x, Two) {
        return concat({zeros_like(first(x)), ones_like(first(x))}, 0);
      },
      {0, 0, 0, 1, 1, 1});
  this->expect_numbers(
      [&](Two x, Two) {
        return scatter_nd({{1}, {1}}, slice(x, {2}, {2}), {3});
      },
      {0, kHalf - 1, 0});
  EXPECT_EQ(run(fill({2}, Tensor(kMost))), Tensor({kMost, kMost}));
  EXPECT_EQ(run(ones({2}, dtype_of<T>) + zeros({2}, dtype_of<T>)), Tensor({T{1}, T{1}}));
  EXPECT_EQ(run(one_hot({0, 2}, 3, {.on_value = Tensor(kMost)})),
            Tensor({{kMost, T{0}, T{0}}, {T{0}, T{0}, kMost}}));
  EXPECT_EQ(run(zeros({2, 0}, dtype_of<T>)).shape(), Shape({2, 0}));
}

TYPED_TEST(UnsignedTest, CastsToOthersKeepTheLowBits) {
  using T = TypeParam;
  using Two = const Output&;
  const auto expect_casts = [this]<typename To>(To) {
    std::vector<To> expected;
    for (const T x : TestFixture::kX) expected.push_back(static_cast<To>(x));
    this->expect_values([](Two x, Two) { return cast(x, dtype_of<To>); }, Tensor(expected));
  };
  expect_casts(int8_t{});
  expect_casts(int32_t{});
  expect_casts(int64_t{});
  expect_casts(uint8_t{});
  expect_casts(uint16_t{});
  expect_casts(uint32_t{});
  expect_casts(uint64_t{});
  expect_casts(float{});
  expect_casts(double{});
  this->expect_values([](Two x, Two) { return cast(x, bool_); },
                      Tensor({false, true, true, true, true, true, true, true}));
  this->expect_numbers(
      [](Two x, Two) {
        return cast(cast(gather(x, {1, 4}), float16), dtype_of<T>);
      },
      {1, 7});
  const Output numbers = cast(Tensor({0, -1, INT32_MAX, INT32_MIN}), dtype_of<T>);
  EXPECT_EQ(run(numbers),
            Tensor(std::vector<T>{0, kMostOf<TypeParam>, INT32_MAX, static_cast<T>(INT32_MIN)}));
}

template <typename T, typename From>
void expect_cast(const std::vector<From>& from, const std::vector<T>& expected) {
  const Output x = placeholder(dtype_of<From>, {-1});
  EXPECT_EQ(run(cast(x, dtype_of<T>), {{x, Tensor(from)}}), Tensor(expected));
  EXPECT_EQ(run(cast(constant(Tensor(from)), dtype_of<T>)), Tensor(expected));
}

// Negative numbers wrap. For what no number stands for, as TensorFlow's scalar code does: there and
// in its vectors the answers differ for uint32.
TEST(UnsignedCastTest, FloatsThatTheTypeCannotHold) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const double inf = INFINITY;
  expect_cast<uint32_t, double>(
      {-0.9, -1.5, 2.7, 0x1p31, 4294967295.0, 0x1p32, 4294967297.5, -3e9, 0x1p63, -inf, inf, NAN},
      {0, UINT32_MAX, 2, 1U << 31, UINT32_MAX, 0, 1, 1294967296, 0, 0, 0, 0});
  expect_cast<uint32_t, float>({-0.9F, -1.5F, 3e9F, 0x1p32F, 5e9F, 1e30F, NAN},
                               {0, UINT32_MAX, 3000000000, 0, 705032704, 0, 0});
  constexpr uint64_t kHalf = uint64_t{1} << 63;
  expect_cast<uint64_t, double>(
      {-0.9, -1.5, 2.7, 0x1p32, 0x1p63, 1.5e19, 0x1p64, 1e20, -3e9, -9.3e18, -inf, inf, NAN},
      {0, UINT64_MAX, 2, uint64_t{1} << 32, kHalf, 15000000000000000000U, kHalf, kHalf,
       18446744070709551616U, kHalf, kHalf, kHalf, kHalf});
  expect_cast<uint64_t, float>({-1.0F, 0x1p63F, 1.5e19F, 0x1p64F, NAN},
                               {UINT64_MAX, kHalf, 15000000520515485696U, kHalf, kHalf});
}

TYPED_TEST(UnsignedTest, VariablesAreUpdated) {
  using T = TypeParam;
  constexpr T kMost = kMostOf<T>, kHalf = kHalfOf<T>;
  for (const bool resource : {false, true}) {
    const std::string name = resource ? "of_resource" : "of_reference";
    const Variable v(Tensor(std::vector<T>{1, kMost, kHalf}),
                     {.name = name, .use_resource = resource});
    const Variable zero = get_variable(
        name + "_zero", {.shape = {2}, .dtype = dtype_of<T>, .use_resource = resource});
    Session session;
    session.run(global_variables_initializer());
    const auto written = [&](const Output& write) {
      session.run(write);
      return session.run(v.value()).template to_vector<T>();
    };
    EXPECT_THAT(session.run(zero.value()).template to_vector<T>(), ::testing::ElementsAre(0, 0));
    EXPECT_THAT(written(assign_add(v, Tensor({T{2}, T{2}, kHalf}))),
                ::testing::ElementsAre(3, 1, 0));
    EXPECT_THAT(written(assign_sub(v, Tensor({T{4}, T{1}, T{1}}))),
                ::testing::ElementsAre(kMost, 0, kMost));
    EXPECT_THAT(written(scatter_add(v, {0, 0}, Tensor({T{1}, kHalf}))),
                ::testing::ElementsAre(kHalf, 0, kMost));
    EXPECT_THAT(written(scatter_div(v, {0}, Tensor({T{2}}))),
                ::testing::ElementsAre(kHalf / 2, 0, kMost));
    EXPECT_THAT(written(scatter_update(v, {1}, Tensor({kMost}))),
                ::testing::ElementsAre(kHalf / 2, kMost, kMost));
    EXPECT_THAT(written(assign(v, Tensor(std::vector<T>{1, 2, kMost}))),
                ::testing::ElementsAre(1, 2, kMost));
    if (resource) {
      EXPECT_THAT(written(scatter_max(v, {0, 2}, Tensor({kHalf, T{5}}))),
                  ::testing::ElementsAre(kHalf, 2, kMost));
    } else {
      EXPECT_ERROR(scatter_max(v, {0}, Tensor({kHalf})), TypeError, dtype_incompatible,
                   "not in list of allowed values");
    }
  }
}

TYPED_TEST(UnsignedTest, DivisionByZeroFails) {
  using T = TypeParam;
  const Output x = placeholder(dtype_of<T>, {2}), y = placeholder(dtype_of<T>, {2});
  const Feeds feeds = {{x, Tensor({T{1}, T{2}})}, {y, Tensor({T{0}, T{1}})}};
  for (const Output& quotient : {floordiv(x, y), mod(x, y)}) {
    EXPECT_ERROR(run(quotient, feeds), InvalidArgumentError, bad_argument, "division by zero");
  }
}

TYPED_TEST(UnsignedTest, LiteralsTakeTheDtypeWhereItHoldsThem) {
  using T = TypeParam;
  const Output x = constant(Tensor({T{1}}));
  EXPECT_EQ((x + 7).dtype(), dtype_of<T>);
  EXPECT_EQ(constant(7, {.dtype = dtype_of<T>}).dtype(), dtype_of<T>);
  EXPECT_EQ(run(constant(int64_t{UINT32_MAX}, {.dtype = dtype_of<T>})), Tensor(T{UINT32_MAX}));
  EXPECT_ERROR(x + 1.5, TypeError, dtype_incompatible, "1.5");
  EXPECT_ERROR(x + (-1), TypeError, dtype_incompatible, "-1");
  EXPECT_ERROR(x + constant(1), TypeError, dtype_incompatible, "int32");
  // Sizes are integers like any, alone and in lists.
  EXPECT_EQ(constant({size_t{1}, size_t{2}}).dtype(), int32);
  EXPECT_EQ(constant(size_t{1}).dtype(), int32);
  EXPECT_EQ(constant({uint64_t{1} << 63}).dtype(), uint64);
}

TYPED_TEST(UnsignedTest, WhatTensorFlowRefusesIsRefused) {
  const Output x = constant(Tensor(TestFixture::kX)), image = reshape(x, {1, 2, 4, 1});
  const std::vector<std::function<void()>> made = {
      [&] { -x; },
      [&] { abs(x); },
      [&] { sign(x); },
      [&] { pow(x, x); },
      [&] { exp(x); },
      [&] { squared_difference(x, x); },
      [&] {
        matmul(reshape(x, {2, 4}), reshape(x, {4, 2}));
      },
      [&] { nn::softmax(x); },
      [&] {
        nn::max_pool(image, {.ksize = {1, 2, 2, 1}, .strides = {1, 1, 1, 1}, .padding = "VALID"});
      },
      [&] {
        image::resize_nearest_neighbor(image, {1, 2});
      },
      [&] { range(Tensor(TypeParam{0}), Tensor(TypeParam{3}), Tensor(TypeParam{1})); },
      [&] { gather(x, x); },
      [&] { one_hot(x, 3); },
  };
  for (size_t i = 0; i < made.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_ERROR(made[i](), TypeError, dtype_incompatible, "not in list of allowed values");
  }
  EXPECT_ERROR(random_uniform({2}, {.maxval = 5, .dtype = dtype_of<TypeParam>}), ValueError,
               dtype_incompatible, "random_uniform");
}

}  // namespace
}  // namespace tenon::testing

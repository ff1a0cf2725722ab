#include "tests/cuda/row_cases.h"

#include <limits>

#include "tests/cuda/kernel_cases.h"

namespace tenon::testing {
namespace {

using internal::ElementwiseBuilder;
using internal::Primitive;
using Values = std::vector<int>;

int subtracted(ElementwiseBuilder& b, const Values& v) { return b.subtract(v[0], v[1]); }
int squared(ElementwiseBuilder& b, const Values& v) { return b.multiply(v[0], v[0]); }
int inverse_root(ElementwiseBuilder& b, const Values& v) {
  return b.unary(Primitive::kRsqrt, b.add(v[0], b.constant_like(v[0], 1e-5)));
}
// x * inverse * gamma + beta
int scaled(ElementwiseBuilder& b, const Values& v) {
  return b.add(b.multiply(b.multiply(v[0], v[1]), v[2]), v[3]);
}

// Layer normalization from axis `axis` on; with `all` its mean and inverse leave the kernel too.
RowCase normalization(const char* name, DType dtype, const Shape& shape, int axis, bool all) {
  RowCase c(name);
  Shape inner(std::vector<int64_t>(shape.sizes().begin() + axis, shape.sizes().end()));
  const int x = c.input(some(dtype, shape)), gamma = c.input(some(dtype, inner, 0.7), false),
            beta = c.input(some(dtype, inner, 0.1), false);
  const int mean = c.reduce("Mean", x, axis), centred = c.compute({x, mean}, subtracted),
            variance = c.reduce("Mean", c.compute({centred}, squared), axis),
            inverse = c.compute({variance}, inverse_root);
  const int normal = c.compute({centred, inverse, gamma, beta}, scaled);
  for (const int value : all ? Values{mean, inverse, normal} : Values{normal}) c.output(value);
  return c;
}

// exp(x - max) / sum, by reductions without their axes.
RowCase softmax(const char* name, const Tensor& value) {
  RowCase c(name);
  const int64_t rows = value.shape()[0];
  const int x = c.input(value), most = c.reduce("Max", x, 1, false);
  const int e = c.compute({x, most},
                          [](ElementwiseBuilder& b, const Values& v) {
                            return b.unary(Primitive::kExp, b.subtract(v[0], v[1]));
                          },
                          {Shape(), {rows, 1}});
  const int sum = c.reduce("Sum", e, 1, false);
  c.output(c.compute({e, sum},
                     [](ElementwiseBuilder& b, const Values& v) { return b.divide(v[0], v[1]); },
                     {Shape(), {rows, 1}}));
  return c;
}

Tensor with_special_numbers() {
  Tensor value = some(float32, {6, 33});
  float* numbers = value.mutable_data<float>().data();
  const float infinity = std::numeric_limits<float>::infinity();
  numbers[0] = infinity;
  numbers[33] = -infinity;
  numbers[2 * 33 + 32] = std::numeric_limits<float>::quiet_NaN();
  return value;
}

// All reductions in one pass, and a number for each row of them.
RowCase statistics(DType dtype) {
  RowCase c(dtype == float32 ? "statistics" : "statistics_of_doubles");
  const int x = c.input(some(dtype, {9, 4, 7}, 0.2, 1.5));
  Values all;
  for (const char* op : {"Sum", "Mean", "Prod", "Max", "Min"}) all.push_back(c.reduce(op, x, 1));
  c.output(all[2]);
  c.output(c.compute(all, [](ElementwiseBuilder& b, const Values& v) {
    return b.add(b.multiply(v[0], v[1]), b.subtract(b.add(v[2], v[3]), v[4]));
  }));
  return c;
}

// Inputs that are repeated every way: along rows, columns, blocks, both, or not at all.
RowCase broadcasts() {
  RowCase c("broadcasts");
  const int x = c.input(some(float32, {3, 5, 70})),
            block = c.input(some(float32, {1, 5, 70}, 0.4), false),
            middle = c.input(some(float32, {5, 1}, 0.9), false),
            column = c.input(some(float32, {70}, 0.6), false),
            row = c.input(some(float32, {3, 5, 1}, 0.8)), number = c.input(Tensor(0.5f), false);
  const int mixed = c.compute({x, block, middle}, [](ElementwiseBuilder& b, const Values& v) {
    return b.add(b.multiply(v[0], v[1]), v[2]);
  });
  const int sum = c.reduce("Sum", mixed, 2);
  c.output(c.compute({mixed, sum, column, row, number}, [](ElementwiseBuilder& b, const Values& v) {
    const int scale = b.multiply(v[3], v[4]);
    return b.add(b.multiply(v[0], v[2]), b.multiply(v[1], scale));
  }));
  c.output(sum);
  return c;
}

// Half precision in and out, a mask, and what is computed between them in float32.
RowCase masked_halves() {
  RowCase c("masked_halves");
  const int x = c.input(some(float16, {12, 45})), least = c.input(some(float32, {12, 1}, -0.2));
  const int kept = c.compute({x, least}, [](ElementwiseBuilder& b, const Values& v) {
    const int wide = b.cast(v[0], float32);
    return b.select(b.binary(Primitive::kGreater, wide, v[1]), wide, b.constant_like(wide, 0));
  });
  const int most = c.reduce("Max", kept, 1);
  c.output(c.compute({kept, most}, [](ElementwiseBuilder& b, const Values& v) {
    return b.cast(b.divide(v[0], v[1]), float16);
  }));
  return c;
}

// Softmax's gradient: a reduction of what another one's row takes part in.
RowCase chained() {
  RowCase c("chained");
  const int y = c.input(some(float32, {40, 100})), dy = c.input(some(float32, {40, 100}, 1.1));
  const int product = c.compute(
      {y, dy}, [](ElementwiseBuilder& b, const Values& v) { return b.multiply(v[0], v[1]); });
  const int sum = c.reduce("Sum", product, 1);
  const int back = c.compute({y, dy, sum}, [](ElementwiseBuilder& b, const Values& v) {
    return b.multiply(b.subtract(v[1], v[2]), v[0]);
  });
  const int most = c.reduce("Max", back, 1);
  c.output(back);
  c.output(c.reduce("Sum", c.compute({back, most}, subtracted), 1));
  return c;
}

}  // namespace

std::vector<RowCase> row_cases() {
  std::vector<RowCase> cases = {normalization("normalization", float32, {37, 50}, 1, false),
                                normalization("with_its_mean", float32, {64, 1024}, 1, true),
                                normalization("of_doubles", float64, {5, 129}, 1, true),
                                normalization("of_blocks", float32, {4, 6, 3, 11}, 2, true),
                                normalization("of_two_leading", float32, {4, 6, 66}, 2, false),
                                normalization("of_long_rows", float32, {5, 5003}, 1, true),
                                softmax("softmax", some(float32, {31, 10})),
                                softmax("softmax_of_two", some(float32, {700, 2})),
                                softmax("special_numbers", with_special_numbers()),
                                statistics(float32),
                                statistics(float64),
                                broadcasts(),
                                masked_halves(),
                                chained()};
  return cases;
}

}  // namespace tenon::testing

// ParseExample and its kin: what they refuse. What they read, a recorded graph has
// (control_flow_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "core/io/example_proto.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"

namespace tenon {
namespace {

using internal::add_operation;
using test::attr;
using testing::ElementsAre;

std::string message(uint32_t field, const std::string& bytes) {
  return attr([&](auto& writer) { writer.add_message(field, bytes); });
}
std::string example_of(const std::string& name, const std::string& feature) {
  const std::string entry = attr([&](auto& writer) {
    writer.add_string(1, name);
    writer.add_message(2, feature);
  });
  return message(1, message(1, entry));
}
std::string floats(std::vector<float> values) {
  return message(2,
                 attr([&](auto& list) { list.add_packed_float(1, values.begin(), values.end()); }));
}

class ExamplesTest : public testing::Test {
 protected:
  using Texts = std::vector<std::string>;

  // The one dense feature "a" of a batch.
  static Output dense(const Texts& batch, const Tensor& standard, const Shape& shape,
                      const Texts& names = {}) {
    const auto count = static_cast<int64_t>(names.size());
    Tensor named(string, {count});
    for (size_t i = 0; i < names.size(); ++i) static_cast<std::string*>(named.raw())[i] = names[i];
    return add_operation("ParseExampleV2",
                         {constant(Tensor(batch)), constant(named), constant(none()),
                          constant(Tensor(Texts{"a"})), constant(none()), constant(standard)},
                         {.attrs = {{"num_sparse", int64_t{0}},
                                    {"sparse_types", std::vector<DType>()},
                                    {"ragged_value_types", std::vector<DType>()},
                                    {"ragged_split_types", std::vector<DType>()},
                                    {"dense_shapes", std::vector<Shape>{shape}}}})
        .output(0);
  }
  static Tensor none(DType dtype = string) { return Tensor(dtype, {0}); }
  static Operation sparse(const std::string& one, DType dtype) {
    return add_operation("ParseSingleExample", {constant(Tensor(one)), std::vector<Output>()},
                         {.attrs = {{"num_sparse", int64_t{1}},
                                    {"sparse_types", std::vector<DType>{dtype}},
                                    {"sparse_keys", Texts{"a"}},
                                    {"Tdense", std::vector<DType>()}}});
  }
  void refuses(const Output& output, const std::string& text) {
    EXPECT_ERROR(session_.run(output), InvalidArgumentError, bad_argument, text);
  }
  void misfits(const Output& output, const std::string& text) {
    EXPECT_ERROR(session_.run(output), InvalidArgumentError, shape_incompatible, text);
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Session session_;
  const std::string two_ = example_of("a", floats({1, 2})), empty_;
};

TEST_F(ExamplesTest, HaveWhatIsRequired) {
  refuses(dense({two_, empty_}, none(float32), {2}),
          "Name: <unknown>, Feature: a (data type: float) is required but could not be found.");
  refuses(dense({two_, empty_}, none(float32), {2}, {"p", "q"}),
          "Name: q, Feature: a (data type: float) is required");
  misfits(dense({two_}, none(float32), {2}, {"p", "q"}),
          "Expected names have the same shape as serialized");
  refuses(dense({"nonsense"}, none(float32), {2}),
          "Could not parse example input, value: 'nonsense'");
  refuses(dense({example_of("a", "\x12\x7f")}, none(float32), {2}),
          "Key: a, Index: 0.  Can't parse serialized Example.");
}

TEST_F(ExamplesTest, HaveAsManyValuesAsWanted) {
  misfits(dense({two_, example_of("a", floats({1}))}, none(float32), {2}),
          "Name: <unknown>, Key: a, Index: 1.  Number of float values != expected.  Values size: "
          "1 but output shape: (2,)");
  misfits(dense({example_of("a", floats({1, 2, 3}))}, Tensor(0.0f), {kUnknown, 2}),
          "Number of float values is not a multiple of stride length. Saw 3 values");
  misfits(dense({two_}, Tensor({1.0f}), {2}), "is not compatible with dense_shapes_[0] == (2,)");
  misfits(dense({two_}, Tensor({1.0f, 2.0f}), {kUnknown}),
          "must contain a single element (the padding element)");
  EXPECT_EQ(session_.run(dense({empty_, empty_}, Tensor(0.0f), {kUnknown, 0})).shape(),
            Shape({2, 0, 0}));
}

TEST_F(ExamplesTest, HaveTheDTypeThatIsWanted) {
  EXPECT_ERROR(session_.run(dense({two_}, none(int64), {2})), InvalidArgumentError,
               dtype_incompatible,
               "Name: <unknown>, Key: a, Index: 0.  Data types don't match. Data type: float but "
               "expected type: int64");
  EXPECT_ERROR(session_.run(sparse(two_, string).output(0)), InvalidArgumentError,
               dtype_incompatible,
               "Key: a.  Data types don't match. Expected type: string, Actual type: float");
  EXPECT_THAT(session_.run(sparse(two_, float32).output(1)).to_vector<float>(), ElementsAre(1, 2));
}

TEST_F(ExamplesTest, AreAskedForWhatCanBe) {
  EXPECT_ERROR(dense({two_}, none(float64), {2}), TypeError, dtype_incompatible,
               "Value passed to parameter 'Tdense' has DataType float64");
  EXPECT_ERROR(dense({two_}, none(float32), {2, kUnknown}), ValueError, no_shape,
               "dense_shapes[0] has unknown rank or unknown inner dimensions: (2, ?)");
  EXPECT_ERROR(add_operation("ParseSingleExample", {constant(Tensor(two_)), std::vector<Output>()},
                             {.attrs = {{"num_sparse", int64_t{2}},
                                        {"sparse_types", std::vector<DType>{float32}},
                                        {"Tdense", std::vector<DType>()}}}),
               ValueError, bad_argument, "There are 2 num_sparse for 1 features");
  for (const int64_t count : {int64_t{-1}, int64_t{1} << 40}) {
    EXPECT_ERROR(
        add_operation("ParseSingleExample", {constant(Tensor(two_)), std::vector<Output>()},
                      {.attrs = {{"num_sparse", count},
                                 {"sparse_types", std::vector<DType>{float32}},
                                 {"Tdense", std::vector<DType>()}}}),
        ValueError, bad_argument,
        "Output 'sparse_indices' of ParseSingleExample can't be a list of " +
            std::to_string(count) + " tensors");
  }
}

TEST_F(ExamplesTest, HaveTheLastOfSeveralLists) {
  const auto feature = internal::decode_feature(floats({1}) + message(3, "\x08\x05") + floats({2}));
  ASSERT_TRUE(feature.has_value());
  EXPECT_EQ(feature->dtype, float32);
  EXPECT_THAT(feature->floats, ElementsAre(2));
  EXPECT_EQ(internal::decode_example("\x0a\xff"), std::nullopt);
}

}  // namespace
}  // namespace tenon

// ShapeN and BroadcastGradientArgs, which the gradients in TensorFlow's files are made of. Values
// are TensorFlow 2.21's.
#include <gmock/gmock.h>

#include "core/graph/builder.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class BroadcastArgsTest : public ::testing::Test {
 protected:
  Operation reduced(const Input& s0, const Input& s1) const {
    return internal::add_operation("BroadcastGradientArgs", {s0, s1});
  }
  std::vector<int32_t> axes(const Output& output) const { return run(output).to_vector<int32_t>(); }
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(BroadcastArgsTest, NamesTheAxesAlongWhichEachWasBroadcast) {
  const Operation op = reduced(Tensor({2, 1, 4}), Tensor({3, 1}));
  EXPECT_EQ(op.output(0).shape(), Shape({1}));
  EXPECT_THAT(axes(op.output(0)), ElementsAre(1));
  EXPECT_THAT(axes(op.output(1)), ElementsAre(0, 2));
  const Operation same = reduced(Tensor({2, 3}), Tensor({2, 3}));
  EXPECT_THAT(axes(same.output(0)), IsEmpty());
  EXPECT_THAT(axes(reduced(Tensor({1, 2}), Tensor({1, 2})).output(0)), IsEmpty());
  EXPECT_THAT(axes(reduced(Tensor({1, 2}), Tensor({1, 1})).output(0)), ElementsAre(0));
  EXPECT_THAT(axes(reduced(Tensor({1, 2}), Tensor({1, 1})).output(1)), ElementsAre(0, 1));
  const Operation scalar = reduced(Tensor::from<int32_t>(std::vector<int32_t>{}, {0}), Tensor({2}));
  EXPECT_THAT(axes(scalar.output(0)), ElementsAre(0));
  EXPECT_THAT(axes(scalar.output(1)), IsEmpty());
}

TEST_F(BroadcastArgsTest, KnowsThemFromShapesThatOnlyTheRunHas) {
  const Output x = placeholder(float32, {-1, -1}), y = placeholder(float32, {-1});
  const Operation op = reduced(shape(x), shape(y));
  EXPECT_EQ(op.output(0).shape(), Shape({kUnknown}));
  const Output summed = reduce_sum(x * y, {.axis = {}}) + cast(size(op.output(1)), float32);
  Session session;
  const Tensor fed = Tensor::ones({2, 3});
  EXPECT_EQ(session.run(summed, {{x, fed}, {y, Tensor::ones({3})}}).scalar<float>(), 7.0f);
  EXPECT_EQ(session.run(summed, {{x, fed}, {y, Tensor::ones({1})}}).scalar<float>(), 8.0f);
}

TEST_F(BroadcastArgsTest, RefusesShapesThatDontFit) {
  EXPECT_ERROR(reduced(Tensor({2, 3}), Tensor({4})), InvalidArgumentError, shape_incompatible,
               "Incompatible shapes: (2, 3) vs. (4,)");
}

TEST_F(BroadcastArgsTest, AnswersTheShapesOfAllInputs) {
  const Output x = placeholder(float32, {-1, 2});
  const Operation op = internal::add_operation("ShapeN", {std::vector<Input>{x, Tensor::ones({3})}},
                                               {.attrs = {{"out_type", int64}}});
  EXPECT_EQ(op.output(0).shape(), Shape({2}));
  Session session;
  const std::vector<Tensor> shapes =
      session.run({op.output(0), op.output(1)}, {{x, Tensor::ones({4, 2})}});
  EXPECT_THAT(shapes[0].to_vector<int64_t>(), ElementsAre(4, 2));
  EXPECT_THAT(shapes[1].to_vector<int64_t>(), ElementsAre(3));
}

}  // namespace
}  // namespace tenon::testing

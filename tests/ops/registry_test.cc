// The table of operations as a whole.

#include "core/graph/op_def.h"

#include <gtest/gtest.h>

#include <set>

namespace tenon::internal {
namespace {

TEST(OpRegistryTest, HasEveryOperationOnce) {
  const std::vector<std::string> names = OpRegistry::global().names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
  EXPECT_GT(names.size(), 150u);
}

TEST(OpRegistryTest, EveryOperationInfersShapes) {
  for (const std::string& name : OpRegistry::global().names()) {
    EXPECT_NE(OpRegistry::global().find(name)->shape, nullptr) << name;
  }
}

// A number that says which input an operation treats specially must be an input's.
TEST(OpRegistryTest, SpecialInputsAreInputs) {
  for (const std::string& name : OpRegistry::global().names()) {
    const RegisteredOp& op = *OpRegistry::global().find(name);
    const int count = static_cast<int>(op.input_args.size());
    for (const auto* list : {&op.needs_value, &op.shape_only, &op.writes}) {
      for (const int input : *list) {
        EXPECT_GE(input, -1) << name;
        EXPECT_LT(input, count) << name;
      }
    }
  }
}

// What writes has one program output for each input that it writes, what doesn't one for each of
// its own.
TEST(OpRegistryTest, LoweringsAreWellFormed) {
  for (const std::string& name : OpRegistry::global().names()) {
    const RegisteredOp& op = *OpRegistry::global().find(name);
    if (op.elementwise == nullptr) continue;
    AttrMap attrs = op.defaults;
    for (const char* type : {"T", "SrcT", "DstT", "dtype"}) attrs.set(type, float32);
    ElementwiseBuilder builder;
    std::vector<ElementwiseBuilder::Value> inputs;
    for (const ArgDef& arg : op.input_args) {
      inputs.push_back(builder.input(arg.dtype == bool_ ? bool_ : float32));
    }
    const auto outputs = op.elementwise(builder, inputs, attrs);
    EXPECT_EQ(outputs.size(), op.writes.empty() ? op.output_args.size() : op.writes.size()) << name;
    EXPECT_EQ(builder.finish(outputs).outputs.size(), outputs.size()) << name;
  }
}

}  // namespace
}  // namespace tenon::internal

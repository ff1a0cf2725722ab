// What the definitions of elementwise operations share.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"

namespace tenon::internal {

using Value = ElementwiseBuilder::Value;
using Values = std::vector<Value>;

// Dtypes that operations of TensorFlow are defined for; which of them run is the kernels' matter.
inline const std::vector<DType> kFloats = {bfloat16, float16, float32, float64};
inline const std::vector<DType> kSignedNumbers = {bfloat16, float16, float32, float64,
                                                  int8,     int16,   int32,   int64};
inline const std::vector<DType> kNumbers = {bfloat16, float16, float32, float64, int8,  uint8,
                                            int16,    uint16,  int32,   uint32,  int64, uint64};
// All but the unsigned integers that few operations are defined for.
inline const std::vector<DType> kUsualNumbers = {bfloat16, float16, float32, float64, int8,
                                                 uint8,    int16,   uint16,  int32,   int64};
inline const std::vector<DType> kIndices = {int32, int64};

template <Primitive P>
Values lower_unary(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.unary(P, in[0])};
}

template <Primitive P>
Values lower_binary(ElementwiseBuilder& b, const Values& in, const AttrMap&) {
  return {b.binary(P, in[0], in[1])};
}

// An elementwise operation "name(inputs...: T) -> T" of inputs of one shape.
inline OpDef elementwise_op(std::string name, const std::vector<std::string>& inputs,
                            const std::vector<DType>& types, ElementwiseFunction lowering,
                            GradientFunction gradient) {
  OpDef def;
  def.name = std::move(name);
  for (const std::string& input : inputs) def.inputs.push_back(input + ": T");
  def.outputs = {"y: T"};
  def.types = {{"T", types}};
  def.shape = merged_shape;
  def.gradient = gradient;
  def.elementwise = lowering;
  return def;
}

// One "name(two inputs: T) -> T" of inputs that broadcast.
inline OpDef broadcasting_op(std::string name, const std::vector<std::string>& inputs,
                             const std::vector<DType>& types, ElementwiseFunction lowering,
                             GradientFunction gradient) {
  OpDef def = elementwise_op(std::move(name), inputs, types, lowering, gradient);
  def.outputs = {"z: T"};
  def.shape = broadcast_shapes;
  return def;
}

}  // namespace tenon::internal

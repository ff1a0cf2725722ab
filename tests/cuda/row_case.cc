#include <algorithm>

#include "tests/cuda/row_cases.h"

namespace tenon::testing {

using internal::ElementwiseBuilder;
using internal::ElementwiseProgram;
using internal::TensorSpec;
using internal::TileProgram;

namespace {

const internal::AttrMap kNoAttrs;

// What the shapes of operands are broadcast to.
Shape joined(const std::vector<TensorSpec>& operands) {
  std::vector<int64_t> sizes;
  for (const TensorSpec& operand : operands) {
    const auto rank = static_cast<size_t>(operand.shape.rank());
    if (sizes.size() < rank) sizes.insert(sizes.begin(), rank - sizes.size(), 1);
    for (size_t i = 0; i < rank; ++i) {
      int64_t& size = sizes[sizes.size() - rank + i];
      size = std::max(size, operand.shape[static_cast<int>(i)]);
    }
  }
  return Shape(sizes);
}

}  // namespace

int RowCase::input(const Tensor& value, bool by_rows) {
  inputs_.push_back(value);
  specs_.push_back({value.dtype(), value.shape()});
  tiles_.input_by_rows.push_back(by_rows);
  return static_cast<int>(specs_.size()) - 1;
}

int RowCase::add_part(TileProgram::Part part) {
  part.request.attrs = &kNoAttrs;
  specs_.push_back(part.request.outputs[0]);
  tiles_.rows = part.request.output_shape(0)[0];
  tiles_.parts.push_back(std::move(part));
  return static_cast<int>(specs_.size()) - 1;
}

int RowCase::reduce(const char* op, int of, int axis, bool keep_dims) {
  const TensorSpec& from = spec(of);
  std::vector<int64_t> sizes(from.shape.sizes().begin(), from.shape.sizes().end());
  std::vector<int32_t> axes;
  for (int i = axis; i < from.shape.rank(); ++i) {
    axes.push_back(i);
    sizes[static_cast<size_t>(i)] = 1;
  }
  if (!keep_dims) sizes.resize(static_cast<size_t>(axis));
  const Tensor axes_value = Tensor::from<int32_t>(axes, {static_cast<int64_t>(axes.size())});
  return add_part({.request = {.op = op,
                               .inputs = {from, {int32, axes_value.shape()}},
                               .outputs = {{from.dtype, Shape(sizes)}},
                               .values = {{}, axes_value}},
                   .dtype = from.dtype,
                   .inputs = {of, -1}});
}

int RowCase::compute(const std::vector<int>& of, const Build& build,
                     const std::vector<Shape>& seen) {
  ElementwiseBuilder builder;
  std::vector<int> operands;
  TileProgram::Part part;
  for (size_t i = 0; i < of.size(); ++i) {
    TensorSpec operand = spec(of[i]);
    if (i < seen.size() && seen[i].rank() > 0) operand.shape = seen[i];
    operands.push_back(builder.input(operand.dtype));
    part.request.inputs.push_back(operand);
    part.request.values.emplace_back();
  }
  part.program =
      std::make_shared<const ElementwiseProgram>(builder.finish({build(builder, operands)}));
  part.request.op = internal::kElementwiseOp;
  part.request.program = part.program.get();
  part.dtype = part.program->dtype_of_value(part.program->outputs[0]);
  part.request.outputs = {{part.dtype, joined(part.request.inputs)}};
  part.inputs = of;
  return add_part(std::move(part));
}

KernelCase RowCase::kernel() const {
  KernelCase c = {.op = std::string(internal::kTilesOp), .inputs = inputs_};
  c.tiles = &tiles_;
  for (const int value : tiles_.outputs) c.outputs.push_back(spec(value));
  return c;
}

std::vector<Tensor> RowCase::expected() const {
  std::vector<Tensor> values = inputs_;
  for (const TileProgram::Part& part : tiles_.parts) {
    KernelCase c = {.op = std::string(part.request.op),
                    .dtype = part.dtype,
                    .outputs = part.request.outputs,
                    .program = part.request.program};
    for (size_t i = 0; i < part.inputs.size(); ++i) {
      c.inputs.push_back(part.inputs[i] < 0 ? part.request.values[i]
                                            : values[static_cast<size_t>(part.inputs[i])].reshaped(
                                                  part.request.inputs[i].shape));
    }
    values.push_back(run_kernel(c).outputs[0]);
  }
  std::vector<Tensor> outputs;
  for (const int value : tiles_.outputs) outputs.push_back(values[static_cast<size_t>(value)]);
  return outputs;
}

}  // namespace tenon::testing

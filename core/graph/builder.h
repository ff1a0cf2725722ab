// Making operations from what a program passes: literals become constants, types are worked out.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/graph/signature.h"
#include "tenon/graph.h"

namespace tenon::internal {

// An argument of an operation: one input, or a list of them ("values: N * T"). An Output says
// nothing of the line that passed it.
struct InputList {
  InputList(Input input) { items.push_back(std::move(input)); }
  InputList(Output output) { items.emplace_back(std::move(output), Location{}); }
  InputList(const Inputs& inputs) : items(inputs.begin(), inputs.end()) {}
  InputList(const std::vector<Input>& inputs) : items(inputs.begin(), inputs.end()) {}
  InputList(const std::vector<Output>& outputs) {
    items.reserve(outputs.size());
    for (const Output& output : outputs) items.emplace_back(output, Location{});
  }
  InlineVector<Input, 1> items;
};

struct AddOptions {
  std::string name = {};  // default: the operation's type
  AttrMap attrs = {};
  std::optional<Shape> shape = {};
  Location where = {};  // left out: the first literal's or the public function's
};

// Adds an operation of the graph that its inputs belong to (the default graph when it has none).
// Weak literals take the dtype that their type attribute has from other inputs; each becomes a
// constant named <operation>/<argument>. Throws ValueError when the inputs are of different graphs,
// TypeError (dtype_incompatible) when dtypes don't fit, and what the shape function throws.
Operation add_operation(std::string_view type, std::span<const InputList> inputs,
                        AddOptions options = {});
inline Operation add_operation(std::string_view type, std::initializer_list<InputList> inputs,
                               AddOptions options = {}) {
  return add_operation(type, std::span(inputs.begin(), inputs.size()), std::move(options));
}

// The same, its first output.
inline Output add_output(std::string_view type, std::span<const InputList> inputs,
                         AddOptions options = {}) {
  return add_operation(type, inputs, std::move(options)).output(0);
}
inline Output add_output(std::string_view type, std::initializer_list<InputList> inputs,
                         AddOptions options = {}) {
  return add_operation(type, inputs, std::move(options)).output(0);
}

// The graph that these inputs belong to, else the default graph.
Graph graph_of(std::span<const Input> inputs);

// The input as an Output: a literal or tensor becomes a constant of that name, of `dtype` if given
// (weak literals convert where nothing is lost, else TypeError, dtype_incompatible).
Output as_output(const Input& input, std::string_view name = "Const", DType dtype = DType::invalid);

// All outputs of an operation.
std::vector<Output> outputs_of(const Operation& op);

// All of them as Outputs. Empty ones (TensorFlow's None) stay empty.
std::vector<Output> as_outputs(const Inputs& inputs);

// A constant node.
Output make_constant(const Tensor& value, std::string_view name = "Const", Location where = {});

}  // namespace tenon::internal

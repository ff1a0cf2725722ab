#include "core/plan/plan_graph.h"

#include <algorithm>
#include <utility>

#include "core/base/strings.h"
#include "core/tensor/byte_count.h"

namespace tenon::internal {

ValueId PlanGraph::root(ValueId id) const {
  while (values_[id].alias_of_.exists()) id = values_[id].alias_of_;
  return id;
}

Owner PlanGraph::owner(ValueId id) const {
  const ValueId at = root(id);
  const PlanValue& value = values_[at];
  return {.id = OwnerId(at.index()),
          .variable = value.variable_,
          .feed = value.feed_,
          .producer = value.producer_,
          .memory = value.memory,
          .is_known = static_cast<bool>(value.constant),
          .is_string = value.dtype == DType::string};
}

bool PlanGraph::passes_as_it_is(const PlanOp& op, ValueId value) const {
  if (op.kind != StepKind::kBodies) return false;
  const Owner of = owner(value);
  if (of.producer.exists()) return ops_[of.producer].kind == StepKind::kBodies;
  return values_[made_in(of.id)].is_missing_;
}

TensorSpec PlanGraph::stored(ValueId id) const {
  const PlanValue& value = values_[id];
  if (value.dtype != DType::resource) return {value.dtype, value.shape};
  const VariableId variable = variable_behind(id);
  if (!variable.exists()) return {value.dtype, value.shape};
  return {variables_[variable].node->attrs.get<DType>("dtype"), value.shape};
}

size_t PlanGraph::bytes_of(ValueId id) const {
  const TensorSpec spec = stored(id);
  return byte_count(spec.dtype, spec.shape);
}

OpId PlanGraph::add_op(const Node& node, StepKind kind) {
  PlanOp op;
  op.node = &node;
  op.kind = kind;
  const OpId id = ops_.push_back(std::move(op));
  order_.push_back(id);
  return id;
}

ValueId PlanGraph::add_feed(int index, const PlanRequest::FedValue& feed) {
  PlanValue value;
  value.dtype = feed.dtype;
  value.shape = feed.shape;
  value.constant = feed.known;
  value.foldable = static_cast<bool>(feed.known);
  value.memory = MemoryId(feed.memory);
  value.feed_ = index;
  value.is_missing_ = feed.is_missing;
  value.fed_ = feed.endpoint.node;
  return values_.push_back(std::move(value));
}

ValueId PlanGraph::add_output(OpId op, TensorSpec spec, MemoryId memory) {
  PlanValue value;
  value.dtype = spec.dtype;
  value.shape = std::move(spec.shape);
  value.memory = memory;
  value.producer_ = op;
  const ValueId id = values_.push_back(std::move(value));
  ops_[op].outputs_.push_back(id);
  return id;
}

VariableId PlanGraph::add_variable(const Node& node) { return variables_.push_back({&node}); }

void PlanGraph::set_variable(ValueId value, VariableId variable) {
  values_[value].variable_ = variable;
}

void PlanGraph::add_input(OpId op, ValueId value) { ops_[op].inputs_.push_back(value); }

void PlanGraph::replace_input(OpId op, size_t i, ValueId value) { ops_[op].inputs_[i] = value; }

void PlanGraph::drop_input(OpId op, size_t i) {
  std::vector<ValueId>& inputs = ops_[op].inputs_;
  inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(i));
}

void PlanGraph::add_control(OpId op, OpId before) { ops_[op].controls_.push_back(before); }

void PlanGraph::pass_on(ValueId output, ValueId of) { values_[output].alias_of_ = of; }

OpId PlanGraph::insert_copy(ValueId of, const Node& name) {
  const MemoryId memory = values_[root(of)].memory;
  const OpId copy = add_op(name, StepKind::kCopy);
  ops_[copy].device = DeviceId(memory.index());
  add_input(copy, of);
  add_output(copy, stored(of), memory);
  return copy;
}

ValueId PlanGraph::add_view(ValueId of, ValueId like) {
  PlanValue view;
  const TensorSpec spec = stored(like);
  view.dtype = spec.dtype;
  view.shape = spec.shape;
  view.memory = values_[of].memory;
  view.producer_ = values_[of].producer_;
  view.alias_of_ = of;
  return values_.push_back(std::move(view));
}

void PlanGraph::absorb(OpId op, OpId producer) {
  PlanOp& into = ops_[op];
  const PlanOp& from = ops_[producer];
  into.controls_.insert(into.controls_.end(), from.controls_.begin(), from.controls_.end());
  for (const VariableId read : from.reads) {
    if (!contains(into.reads, read)) into.reads.push_back(read);
  }
  erase(producer);
}

void PlanGraph::join(std::span<const OpId> ops, std::vector<ValueId> inputs,
                     std::vector<ValueId> outputs) {
  const OpId last = ops.back();
  for (const OpId op : ops.first(ops.size() - 1)) absorb(last, op);
  for (const OpId id : order_) {
    for (OpId& control : ops_[id].controls_) {
      if (contains(ops, control)) control = last;
    }
  }
  for (const ValueId output : outputs) values_[output].producer_ = last;
  ops_[last].inputs_ = std::move(inputs);
  ops_[last].outputs_ = std::move(outputs);
}

bool PlanGraph::waits_for(OpId id, std::span<const OpId> ops) const {
  if (ops.empty()) return false;
  IdVector<OpId, bool> seen(op_count(), false);
  std::vector<OpId> waiting = {id};
  bool waits = false;
  while (!waiting.empty() && !waits) {
    const OpId at = waiting.back();
    waiting.pop_back();
    for_each_predecessor(ops_[at], [&](OpId before) {
      waits = waits || contains(ops, before);
      if (is_step(*this, ops_[before]) || seen[before]) return;
      seen[before] = true;
      waiting.push_back(before);
    });
  }
  return waits;
}

void PlanGraph::become(OpId op, OpId producer) {
  PlanOp& into = ops_[op];
  const PlanOp& from = ops_[producer];
  into.node = from.node;
  into.kind = from.kind;
  into.host_inputs = from.host_inputs;
  into.program = from.program;
  into.epilogue = from.epilogue;
  into.inputs_ = from.inputs_;
  absorb(op, producer);
}

void PlanGraph::erase(OpId op) {
  ops_[op].outputs_.clear();
  ops_[op].node = nullptr;
}

void PlanGraph::erase_all_but(const IdVector<OpId, bool>& kept) {
  for (const OpId id : order_) {
    if (!kept[id]) erase(id);
  }
  for (const OpId id : order_) {
    if (is_erased(id)) continue;
    std::erase_if(ops_[id].controls_, [&](OpId control) { return is_erased(control); });
  }
  for (PlanValue& value : values_) {
    if (value.producer_.exists() && is_erased(value.producer_)) value.producer_ = OpId();
  }
}

// Depth first, with a stack of its own: what comes first in the list stays first, but for what it
// depends on.
void PlanGraph::visit_in_order(OpId id, IdVector<OpId, bool>& seen,
                               std::vector<OpId>& found) const {
  std::vector<std::pair<OpId, std::vector<OpId>>> stack;
  const auto open = [&](OpId next) {
    seen[next] = true;
    std::vector<OpId> before;
    for_each_predecessor(ops_[next], [&](OpId op) {
      if (!seen[op] && !is_erased(op)) before.push_back(op);
    });
    std::reverse(before.begin(), before.end());
    stack.emplace_back(next, std::move(before));
  };
  open(id);
  while (!stack.empty()) {
    auto& [op, before] = stack.back();
    if (before.empty()) {
      found.push_back(op);
      stack.pop_back();
      continue;
    }
    const OpId next = before.back();
    before.pop_back();
    if (!seen[next]) open(next);
  }
}

void PlanGraph::tidy() {
  std::erase_if(order_, [&](OpId id) { return is_erased(id); });
  IdVector<OpId, bool> seen(ops_.size(), false);
  bool sorted = true;
  for (const OpId id : order_) {
    for_each_predecessor(ops_[id], [&](OpId before) { sorted = sorted && seen[before]; });
    if (!sorted) break;
    seen[id] = true;
  }
  if (sorted) return;
  seen = IdVector<OpId, bool>(ops_.size(), false);
  std::vector<OpId> found;
  found.reserve(order_.size());
  for (const OpId id : order_) {
    if (!seen[id]) visit_in_order(id, seen, found);
  }
  order_ = std::move(found);
}

void PlanGraph::move_behind(OpId op, OpId other) {
  std::erase(order_, op);
  order_.insert(std::find(order_.begin(), order_.end(), other) + 1, op);
}

std::string PlanGraph::to_string() const {
  std::string text;
  for (const OpId id : order_) {
    const PlanOp& op = ops_[id];
    text += str(id.number(), ": ", op.node->type(), " ", op.node->name, " (");
    for (size_t i = 0; i < op.inputs_.size(); ++i) {
      text += str(i > 0 ? ", " : "", "%", op.inputs_[i].number());
    }
    text += ")";
    for (const ValueId output : op.outputs_) {
      const PlanValue& value = values_[output];
      text += str(" %", output.number(), "=", value.dtype, value.shape);
      if (value.is_alias()) text += str(" in %", value.alias_of_.number());
      if (value.constant) text += " known";
    }
    for (const OpId control : op.controls_) text += str(" after ", control.number());
    text += "\n";
  }
  return text;
}

}  // namespace tenon::internal

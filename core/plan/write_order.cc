#include "core/plan/write_order.h"

#include <algorithm>

#include "core/graph/variable_name.h"

namespace tenon::internal {
namespace {

constexpr size_t kBits = 64;

bool names(const PlanOp& op) { return passes_on(op) && names_variable(*op.node); }

// The input that an output is another name of, or what was written there.
ValueId passed_on_input(const PlanGraph& graph, ValueId value) {
  const OpId producer = graph.value(value).producer();
  if (!producer.exists()) return {};
  const PlanOp& op = graph.op(producer);
  if (passes_on(op)) return names(op) ? op.input(0) : ValueId();
  if (op.written_inputs.empty()) return {};
  for (size_t i = 0; i < op.node->output_refs.size(); ++i) {
    const bool is_it = i < op.outputs().size() && op.output(i) == value;
    if (is_it && op.node->output_refs[i]) return op.input(op.written_inputs[0]);
  }
  return {};
}

}  // namespace

bool passes_on(const PlanOp& op) {
  return op.kind != StepKind::kCopy && !op.moves() && op.def().action == PlanAction::kPassOn;
}

VariableId reference_behind(const PlanGraph& graph, ValueId value) {
  for (ValueId at = value; at.exists(); at = passed_on_input(graph, at)) {
    const VariableId variable = graph.value(at).variable();
    if (!variable.exists()) continue;
    return graph.variable(variable).is_reference() ? variable : VariableId();
  }
  return {};
}

ValueId last_written(const PlanGraph& graph, ValueId value) {
  for (ValueId at = value; at.exists(); at = passed_on_input(graph, at)) {
    const OpId producer = graph.value(at).producer();
    if (producer.exists() && !graph.op(producer).writes.empty()) return at;
  }
  return {};
}

bool is_name(const PlanGraph& graph, const PlanOp& op) {
  return names(op) && reference_behind(graph, op.output()).exists();
}

ValueId first_read(const PlanGraph& graph, ValueId value) {
  ValueId read;
  for (ValueId at = value; graph.value(at).is_alias(); at = graph.value(at).alias_of()) {
    const PlanOp& op = graph.op(graph.value(at).producer());
    if (passes_on(op) && !is_name(graph, op)) read = at;
  }
  return read;
}

WriteOrder::WriteOrder(const PlanGraph& graph)
    : number_(graph.op_count(), kNone), writers_of_(graph.variables().size()) {
  for (const OpId id : graph.ops()) {
    const PlanOp& op = graph.op(id);
    if (op.writes.empty()) continue;
    number_[id] = writers_.size();
    writers_.push_back(id);
    for (const VariableId variable : op.writes) writers_of_[variable].push_back(id);
  }
  if (!has_writes()) return;
  words_ = (writers_.size() + kBits - 1) / kBits;
  before_.assign(graph.op_count() * words_, 0);
  for (const OpId id : graph.ops()) {
    uint64_t* bits = &before_[id.index() * words_];
    graph.for_each_predecessor(graph.op(id), [&](OpId before) {
      const uint64_t* from = &before_[before.index() * words_];
      for (size_t word = 0; word < words_; ++word) bits[word] |= from[word];
      const size_t bit = number_[before];
      if (bit == kNone) return;
      bits[bit / kBits] |= uint64_t{1} << (bit % kBits);
    });
  }
}

bool WriteOrder::precedes(OpId writer, OpId op) const {
  const size_t at = op.index() * words_;
  if (at >= before_.size()) return false;
  const size_t bit = number_[writer];
  return (before_[at + bit / kBits] >> (bit % kBits) & 1) != 0;
}

bool WriteOrder::any_precedes(VariableId variable, OpId op) const {
  const std::span<const OpId> writers = writers_of(variable);
  return std::any_of(writers.begin(), writers.end(),
                     [&](OpId writer) { return precedes(writer, op); });
}

std::vector<OpId> WriteOrder::before(VariableId variable, OpId op) const {
  std::vector<OpId> found;
  for (const OpId writer : writers_of(variable)) {
    if (precedes(writer, op)) found.push_back(writer);
  }
  return found;
}

}  // namespace tenon::internal

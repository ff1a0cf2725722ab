// What orders the writes of variables: which of them an operation comes after whatever the plan's
// order, and when a variable's memory is read.
//
// A resource variable is read by its ReadVariableOp. A reference variable is read by each operation
// that takes it, be it by its name (the Identity that was made with it, which itself reads
// nothing), when that operation runs. What comes after a write, by data or control, sees it; what
// doesn't sees the value from before.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/plan/plan_graph.h"

namespace tenon::internal {

// As the graph is when it is made: an operation that is added later comes after no write.
class WriteOrder {
 public:
  explicit WriteOrder(const PlanGraph& graph);

  bool has_writes() const { return !writers_.empty(); }
  std::span<const OpId> writers_of(VariableId variable) const { return writers_of_[variable]; }
  // Whether an operation depends on that writer.
  bool precedes(OpId writer, OpId op) const;
  bool any_precedes(VariableId variable, OpId op) const;
  // The writers of a variable that an operation depends on.
  std::vector<OpId> before(VariableId variable, OpId op) const;

 private:
  static constexpr size_t kNone = SIZE_MAX;
  std::vector<OpId> writers_;
  IdVector<OpId, size_t> number_;  // its place in writers_, or kNone
  IdVector<VariableId, std::vector<OpId>> writers_of_;
  size_t words_ = 0;  // of 64 writers, for each operation
  std::vector<uint64_t> before_;
};

// Whether an operation only passes its input's memory on.
bool passes_on(const PlanOp& op);

// The reference variable that whoever uses a value reads by it: by the variable itself, its name,
// or what a write gives.
VariableId reference_behind(const PlanGraph& graph, ValueId value);

// The value that the last write on a value's way from its variable gave; of nothing where none is.
ValueId last_written(const PlanGraph& graph, ValueId value);

// Whether an operation is but a name of a reference variable.
bool is_name(const PlanGraph& graph, const PlanOp& op);

// What the first operation that read a variable made of it, where a value is its memory since then
// (ReadVariableOp, Identity, Reshape); of nothing where whoever uses the value reads.
ValueId first_read(const PlanGraph& graph, ValueId value);

}  // namespace tenon::internal

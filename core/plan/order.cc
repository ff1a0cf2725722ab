// Order: the order in which operations run, and where a variable's value must be copied.
//
// A read of a variable that nothing orders after a write of this run sees the value from before the
// run; one that is ordered after a write sees that write. Readers run before the writers that they
// don't wait for, so that reading is free: the reader gets the variable's own memory. Where some
// use of what was read must come after another write, the read becomes a copy.
#include <algorithm>
#include <queue>

#include "core/plan/passes.h"
#include "core/plan/write_order.h"

namespace tenon::internal {
namespace {

// Puts the variables that an operation reads when it runs into its `reads`. Names of reference
// variables that others use read nothing.
void find_reads(PlanGraph& plan) {
  IdVector<ValueId, bool> used(plan.value_count(), false);
  for (const OpId id : plan.ops()) {
    for (const ValueId input : plan.op(id).inputs()) used[input] = true;
  }
  for (const OpId id : plan.ops()) {
    PlanOp& op = plan.op(id);
    if (op.only_orders) continue;
    if (is_name(plan, op) && used[op.output()]) {
      std::erase_if(op.reads, [&](VariableId read) { return plan.variable(read).is_reference(); });
      continue;
    }
    if (!passes_on(op) && op.kind == StepKind::kNothing) continue;
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      if (contains(op.written_inputs, i) || !reads_memory(op, i)) continue;
      const VariableId variable = reference_behind(plan, op.input(i));
      if (variable.exists() && !contains(op.reads, variable)) op.reads.push_back(variable);
    }
  }
}

// A variable must have a value before the run unless an assignment of the run comes first.
void mark_initialization(PlanGraph& plan, const WriteOrder& writes) {
  for (const OpId id : plan.ops()) {
    const PlanOp& op = plan.op(id);
    if (op.is_variable()) continue;
    const auto mark = [&](VariableId variable) {
      const std::vector<OpId> before = writes.before(variable, id);
      const bool assigned = std::any_of(before.begin(), before.end(), [&](OpId writer) {
        return plan.op(writer).kind == StepKind::kAssign;
      });
      if (!assigned) plan.variable(variable).must_be_initialized = true;
    };
    if (op.kind == StepKind::kBodies) {  // they look themselves when they run
      for (size_t i = 0; i < op.inputs().size(); ++i) {
        const VariableId read = plan.variable_behind(op.input(i));
        if (read.exists() && reads_memory(op, i)) mark(read);
      }
      continue;
    }
    const bool asks = op.kind == StepKind::kIsInitialized || op.kind == StepKind::kInitializedValue;
    for (size_t read = asks ? 1 : 0; read < op.reads.size(); ++read) mark(op.reads[read]);
    if (op.kind == StepKind::kAssign) continue;
    for (const VariableId variable : op.writes) mark(variable);
  }
}

// Sorts operations, and makes copies of what is read where no order is right without.
class Orderer {
 public:
  Orderer(PlanGraph& plan, const WriteOrder& writes) : plan_(plan), writes_(writes) {}

  void run() {
    while (!sort()) settle_stuck_reads();
  }

 private:
  struct Before {  // a reader and a writer that it must not see
    OpId reader, writer;
    bool sees_another = false;  // whether the reader comes after another write of the variable
    bool operator==(const Before&) const = default;
  };
  using Ready = std::pair<bool, OpId>;  // writers last

  // Kahn's algorithm: among what is ready, readers before writers, then in the order of making.
  // False when it got stuck: reads and writes that each want to come before the other.
  bool sort() {
    successors_ = IdVector<OpId, std::vector<OpId>>(plan_.op_count());
    waiting_ = IdVector<OpId, int>(plan_.op_count(), 0);
    stuck_.clear();
    for (const OpId id : plan_.ops()) {
      plan_.for_each_predecessor(plan_.op(id), [&](OpId before) { add_edge(before, id); });
      add_reads(id);
    }
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    const auto push = [&](OpId op) { ready.emplace(!plan_.op(op).writes.empty(), op); };
    for (const OpId id : plan_.ops()) {
      if (waiting_[id] == 0) push(id);
    }
    std::vector<OpId> order;
    while (!ready.empty()) {
      const OpId op = ready.top().second;
      ready.pop();
      order.push_back(op);
      for (const OpId next : successors_[op]) {
        if (--waiting_[next] == 0) push(next);
      }
    }
    const bool complete = order.size() == plan_.ops().size();
    if (complete) plan_.set_order(std::move(order));
    std::erase_if(stuck_, [&](const Before& pair) {
      return waiting_[pair.writer] == 0 || waiting_[pair.reader] == 0;
    });
    return complete;
  }

  void add_edge(OpId before, OpId after) {
    successors_[before].push_back(after);
    ++waiting_[after];
  }

  // An operation comes before the writers of what it reads that it doesn't come after: all of them
  // where it sees the value from before the run, else those that follow what it sees.
  void add_reads(OpId id) {
    for (const VariableId variable : plan_.op(id).reads) {
      const std::vector<OpId> seen = writes_.before(variable, id);
      for (const OpId writer : writes_.writers_of(variable)) {
        if (writer == id || contains(seen, writer)) continue;
        const bool follows = std::any_of(seen.begin(), seen.end(), [&](OpId earlier) {
          return writes_.precedes(earlier, writer);
        });
        const Before pair{id, writer, !seen.empty()};
        if (pair.sees_another && (!follows || contains(given_up_, pair))) continue;
        add_edge(id, writer);
        stuck_.push_back(pair);
      }
    }
  }

  // Reads that can't come before the writes that they must not see: they read a copy that is made
  // before everything else. Those that must see another write read the memory as they find it.
  void settle_stuck_reads() {
    std::vector<std::pair<VariableId, ValueId>> copies;
    for (const Before& pair : stuck_) {
      if (pair.sees_another) {
        given_up_.push_back(pair);
        continue;
      }
      for (const VariableId variable : std::vector<VariableId>(plan_.op(pair.reader).reads)) {
        if (!contains(plan_.op(pair.writer).writes, variable)) continue;
        const auto made = std::find_if(copies.begin(), copies.end(),
                                       [&](const auto& copy) { return copy.first == variable; });
        const ValueId copy =
            made != copies.end() ? made->second : add_snapshot(variable, pair.reader);
        if (made == copies.end()) copies.emplace_back(variable, copy);
        read_copy(pair.reader, variable, copy);
      }
    }
    plan_.tidy();  // copies were added behind their readers
  }

  ValueId add_snapshot(VariableId variable, OpId reader) {
    const PlanOp& op = plan_.op(reader);
    OwnerId memory;
    for (const ValueId input : op.inputs()) {
      if (plan_.variable_behind(input) == variable) memory = plan_.owner_id(input);
    }
    const OpId copy = plan_.insert_copy(PlanGraph::made_in(memory), *op.node);
    plan_.op(copy).reads = {variable};
    return plan_.op(copy).output();
  }

  // An operation reads a copy of a variable in the variable's place.
  void read_copy(OpId reader, VariableId variable, ValueId copy) {
    for (size_t i = 0; i < plan_.op(reader).inputs().size(); ++i) {
      const ValueId input = plan_.op(reader).input(i);
      if (plan_.variable_behind(input) != variable) continue;
      const bool is_whole = !plan_.value(input).is_alias();
      plan_.replace_input(reader, i, is_whole ? copy : plan_.add_view(copy, input));
    }
    for (const ValueId output : plan_.op(reader).outputs()) {
      const ValueId alias = plan_.value(output).alias_of();
      if (alias.exists() && plan_.variable_behind(alias) == variable) plan_.pass_on(output, copy);
    }
    std::erase(plan_.op(reader).reads, variable);
  }

  PlanGraph& plan_;
  const WriteOrder& writes_;
  std::vector<Before> stuck_, given_up_;
  IdVector<OpId, std::vector<OpId>> successors_;
  IdVector<OpId, int> waiting_;
};

// What was read stays in the variable's memory until the last use, if no write comes between; else
// it is copied.
class ReadCopier {
 public:
  ReadCopier(PlanGraph& plan, const WriteOrder& writes) : plan_(plan), writes_(writes) {}

  void run() {
    copy_what_is_written();
    int next = 0;
    position_ = IdVector<OpId, int>(plan_.op_count(), -1);
    for (const OpId id : plan_.ops()) position_[id] = next++;
    std::vector<ValueId> copied;  // results that must be copied at once
    for (const OpId id : plan_.ops()) {
      if (plan_.op(id).kind == StepKind::kNothing) continue;
      for (size_t i = 0; i < plan_.op(id).inputs().size(); ++i) {
        const ValueId read = overwritten_read(id, i);
        if (read.exists() && !contains(copied, read)) copied.push_back(read);
      }
    }
    for (const ValueId read : copied) make_copy(read);
  }

 private:
  // An operation that writes a reference variable, and that takes it by its name besides, reads a
  // copy, unless it reads each element before it writes it.
  void copy_what_is_written() {
    const std::vector<OpId> ops(plan_.ops().begin(), plan_.ops().end());
    for (const OpId id : ops) {
      for (size_t i = 0; i < plan_.op(id).inputs().size(); ++i) {
        const ValueId value = plan_.op(id).input(i);
        const VariableId variable = reference_behind(plan_, value);
        const bool is_written = contains(plan_.op(id).writes, variable);
        if (!is_written || contains(plan_.op(id).written_inputs, i)) continue;
        if (!reads_memory(plan_.op(id), i) || last_written(plan_, value).exists()) continue;
        if (reads_in_step(plan_.op(id), value, variable)) continue;
        copy_before(id, i, variable);
      }
    }
    plan_.tidy();  // copies were added behind their readers
  }

  // The copy waits for what the operation waits for, and so sees the same writes.
  void copy_before(OpId id, size_t input, VariableId variable) {
    std::vector<OpId> before;
    plan_.for_each_predecessor(plan_.op(id), [&](OpId one) { before.push_back(one); });
    const ValueId memory = PlanGraph::made_in(plan_.owner_id(plan_.op(id).input(input)));
    const OpId copy = plan_.insert_copy(memory, *plan_.op(id).node);
    for (const OpId one : before) plan_.add_control(copy, one);
    plan_.op(copy).reads = {variable};
    plan_.replace_input(id, input, plan_.op(copy).output());
  }

  // The result that a variable was read as, which must be a copy because a write comes before this
  // use of it.
  ValueId overwritten_read(OpId user, size_t input) const {
    const PlanOp& op = plan_.op(user);
    if (contains(op.written_inputs, input)) return {};
    const ValueId value = op.input(input);
    const VariableId variable = plan_.variable_behind(value);
    if (!variable.exists()) return {};
    const ValueId read = first_read(plan_, value);
    const ValueId fixed = read.exists() ? read : last_written(plan_, value);
    if (!fixed.exists()) return {};  // it is read where it is used
    const OpId reader = plan_.value(fixed).producer();
    for (const OpId writer : writes_.writers_of(variable)) {
      if (writer == reader) continue;
      const int written_at = position_[writer];
      if (written_at <= position_[reader] || written_at > position_[user]) continue;
      if (writer == user && reads_in_step(op, value, variable)) continue;
      if (!read.exists() && writes_.precedes(writer, user)) continue;  // it is to be seen
      return fixed;
    }
    return {};
  }

  // Whether an operation that writes a variable may read it at the same time: it reads each element
  // before it writes it.
  bool reads_in_step(const PlanOp& op, ValueId value, VariableId variable) const {
    if (op.kind == StepKind::kAssign) return true;
    if (op.kind != StepKind::kElementwise) return false;
    for (size_t i = 0; i < op.writes.size(); ++i) {
      if (op.writes[i] != variable) continue;
      const ValueId written = op.input(op.written_inputs[i]);
      return plan_.value(written).shape == plan_.value(value).shape;
    }
    return false;
  }

  void make_copy(ValueId output) {
    const OpId reader = plan_.value(output).producer();
    const bool is_all = plan_.op(reader).outputs().size() == 1;
    if (is_all && plan_.op(reader).kind == StepKind::kNothing) {  // it copies instead
      plan_.op(reader).kind = StepKind::kCopy;
      plan_.op(reader).device = DeviceId(plan_.value(output).memory.index());
      return plan_.own_memory(output);
    }
    // A writer's result, or one of several that are read at once: copied right behind it.
    const OpId copy = plan_.insert_copy(plan_.value(output).alias_of(), *plan_.op(reader).node);
    if (!is_all) plan_.op(copy).reads = {plan_.variable_behind(output)};
    plan_.pass_on(output, plan_.op(copy).output());
    plan_.move_behind(copy, reader);
  }

  PlanGraph& plan_;
  const WriteOrder& writes_;
  IdVector<OpId, int> position_;
};

}  // namespace

void order(PlanGraph& plan) {
  const WriteOrder writes(plan);
  for (size_t i = 0; i < plan.variables().size(); ++i) {
    const VariableId variable(i);
    plan.variable(variable).written = !writes.writers_of(variable).empty();
  }
  find_reads(plan);
  mark_initialization(plan, writes);
  Orderer(plan, writes).run();
  ReadCopier(plan, writes).run();
}

}  // namespace tenon::internal

// Order: the order in which operations run, and where a variable's value must be copied.
//
// A read of a variable that nothing orders after a write of this run sees the value from before the
// run; one that is ordered after a write sees that write. Readers run before the writers that they
// don't wait for, so that reading is free: the reader gets the variable's own memory. Where some
// use of what was read must come after another write, the read becomes a copy.
#include <algorithm>
#include <queue>

#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

class Orderer {
 public:
  explicit Orderer(PlanGraph& plan) : plan_(plan) {}

  void run() {
    find_writers();
    find_ancestors();
    mark_initialization();
    while (!sort()) snapshot_stuck_reads();
    copy_overwritten_reads();
  }

 private:
  using Bits = std::vector<uint64_t>;
  struct Before {  // a reader and a writer that it must not see
    int reader, writer;
  };

  template <typename F>
  void for_each_predecessor(const PlanOp& op, F&& visit) const {
    for (const int input : op.inputs) {
      const int producer = plan_.value(input).producer;
      if (producer >= 0 && plan_.op(producer).need != Need::kNone) visit(producer);
    }
    for (const int control : op.controls) {
      if (plan_.op(control).need != Need::kNone) visit(control);
    }
  }

  void find_writers() {
    writers_of_.resize(plan_.variables.size());
    for (size_t i = 0; i < plan_.ops.size(); ++i) {
      const PlanOp& op = plan_.ops[i];
      if (!op.runs() || op.writes.empty()) continue;
      writer_number_.resize(plan_.ops.size(), -1);
      writer_number_[i] = writer_count_++;
      for (const int variable : op.writes) {
        writers_of_[static_cast<size_t>(variable)].push_back(static_cast<int>(i));
        plan_.variables[static_cast<size_t>(variable)].written = true;
      }
    }
    writer_number_.resize(plan_.ops.size(), -1);
  }

  // Of each operation, the writers that run before it whatever the order.
  void find_ancestors() {
    const size_t words = (static_cast<size_t>(writer_count_) + 63) / 64;
    ancestors_.assign(plan_.ops.size(), Bits(words));
    if (words == 0) return;
    for (const int index : topological()) {
      Bits& bits = ancestors_[static_cast<size_t>(index)];
      for_each_predecessor(plan_.op(index), [&](int before) {
        const Bits& from = ancestors_[static_cast<size_t>(before)];
        for (size_t word = 0; word < words; ++word) bits[word] |= from[word];
        const int number = writer_number_[static_cast<size_t>(before)];
        if (number >= 0) bits[static_cast<size_t>(number) / 64] |= uint64_t{1} << (number % 64);
      });
    }
  }

  // Operations so that predecessors come first. Fusing may have left the list out of order.
  std::vector<int> topological() const {
    std::vector<int> found;
    std::vector<uint8_t> state(plan_.ops.size(), 0);
    std::vector<std::pair<int, std::vector<int>>> stack;
    const auto open = [&](int index) {
      state[static_cast<size_t>(index)] = 1;
      std::vector<int> before;
      for_each_predecessor(plan_.op(index), [&](int op) { before.push_back(op); });
      stack.emplace_back(index, std::move(before));
    };
    for (size_t i = 0; i < plan_.ops.size(); ++i) {
      if (state[i] != 0 || plan_.ops[i].need == Need::kNone) continue;
      open(static_cast<int>(i));
      while (!stack.empty()) {
        auto& [index, before] = stack.back();
        if (before.empty()) {
          found.push_back(index);
          stack.pop_back();
          continue;
        }
        const int next = before.back();
        before.pop_back();
        if (state[static_cast<size_t>(next)] == 0) open(next);
      }
    }
    return found;
  }

  bool runs_after(int op, int writer) const {
    const int number = writer_number_[static_cast<size_t>(writer)];
    const Bits& bits = ancestors_[static_cast<size_t>(op)];
    return (bits[static_cast<size_t>(number) / 64] >> (number % 64) & 1) != 0;
  }

  bool after_any_writer(int op, int variable) const {
    const auto& writers = writers_of_[static_cast<size_t>(variable)];
    return std::any_of(writers.begin(), writers.end(),
                       [&](int writer) { return runs_after(op, writer); });
  }

  // A variable must have a value before the run unless an assignment of the run comes first.
  void mark_initialization() {
    for (size_t i = 0; i < plan_.ops.size(); ++i) {
      const PlanOp& op = plan_.ops[i];
      const bool asks =
          op.kind == StepKind::kIsInitialized || op.kind == StepKind::kInitializedValue;
      if (!op.runs() || asks || (op.node->def->is_variable && op.kind == StepKind::kNothing)) {
        continue;
      }
      const auto mark = [&](int variable) {
        const auto& writers = writers_of_[static_cast<size_t>(variable)];
        const bool assigned = std::any_of(writers.begin(), writers.end(), [&](int writer) {
          return plan_.op(writer).kind == StepKind::kAssign &&
                 runs_after(static_cast<int>(i), writer);
        });
        if (!assigned) plan_.variables[static_cast<size_t>(variable)].must_be_initialized = true;
      };
      for (const int variable : op.reads) mark(variable);
      if (op.kind == StepKind::kAssign) continue;
      for (const int variable : op.writes) mark(variable);
    }
  }

  // Kahn's algorithm: among what is ready, readers before writers, then in the order of the graph.
  // False when it got stuck: reads and writes that each want to come before the other.
  bool sort() {
    const size_t count = plan_.ops.size();
    std::vector<std::vector<int>> successors(count);
    std::vector<int> waiting(count, 0);
    const auto add_edge = [&](int before, int after) {
      successors[static_cast<size_t>(before)].push_back(after);
      ++waiting[static_cast<size_t>(after)];
    };
    stuck_.clear();
    size_t wanted = 0;
    for (size_t i = 0; i < count; ++i) {
      const PlanOp& op = plan_.ops[i];
      if (op.need == Need::kNone) continue;
      ++wanted;
      for_each_predecessor(op, [&](int before) { add_edge(before, static_cast<int>(i)); });
      if (op.runs()) add_reads(static_cast<int>(i), add_edge);
    }
    using Ready = std::pair<bool, int>;
    std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready;
    const auto push = [&](int op) { ready.emplace(!plan_.op(op).writes.empty(), op); };
    for (size_t i = 0; i < count; ++i) {
      if (plan_.ops[i].need != Need::kNone && waiting[i] == 0) push(static_cast<int>(i));
    }
    plan_.order.clear();
    while (!ready.empty()) {
      const int op = ready.top().second;
      ready.pop();
      plan_.order.push_back(op);
      for (const int next : successors[static_cast<size_t>(op)]) {
        if (--waiting[static_cast<size_t>(next)] == 0) push(next);
      }
    }
    if (plan_.order.size() == wanted) return true;
    std::erase_if(stuck_, [&](const Before& pair) {
      return waiting[static_cast<size_t>(pair.writer)] == 0 ||
             waiting[static_cast<size_t>(pair.reader)] == 0;
    });
    return false;
  }

  // An operation that sees a variable as it was before the run comes before all its writers.
  template <typename F>
  void add_reads(int index, F&& add_edge) {
    for (const int variable : plan_.op(index).reads) {
      if (after_any_writer(index, variable)) continue;
      for (const int writer : writers_of_[static_cast<size_t>(variable)]) {
        if (writer == index) continue;
        add_edge(index, writer);
        stuck_.push_back({index, writer});
      }
    }
  }

  // Reads that can't come before the writes that they must not see: they read a copy that is made
  // before everything else.
  void snapshot_stuck_reads() {
    std::vector<std::pair<int, int>> copies;  // variable, its copy
    for (const Before& pair : stuck_) {
      for (const int variable : std::vector<int>(plan_.op(pair.reader).reads)) {
        if (!contains(plan_.op(pair.writer).writes, variable)) continue;
        const auto made = std::find_if(copies.begin(), copies.end(),
                                       [&](const auto& copy) { return copy.first == variable; });
        const int copy = made != copies.end() ? made->second : add_snapshot(variable, pair.reader);
        if (made == copies.end()) copies.emplace_back(variable, copy);
        PlanOp& reader = plan_.op(pair.reader);
        for (int& input : reader.inputs) {
          if (plan_.value(plan_.root(input)).variable == variable) input = copy;
        }
        for (const int output : reader.outputs) {
          const int alias = plan_.value(output).alias_of;
          if (alias >= 0 && plan_.value(plan_.root(alias)).variable == variable) {
            plan_.value(output).alias_of = copy;
          }
        }
        std::erase(reader.reads, variable);
      }
    }
  }

  int add_snapshot(int variable, int reader) {
    PlanOp copy;
    copy.node = plan_.op(reader).node;
    copy.kind = StepKind::kCopy;
    copy.need = Need::kRun;
    copy.reads = {variable};
    for (const int input : plan_.op(reader).inputs) {
      if (plan_.value(plan_.root(input)).variable == variable) copy.inputs = {plan_.root(input)};
    }
    const int value = add_copy_value(copy.inputs[0]);
    copy.device = plan_.value(value).memory;
    copy.outputs = {value};
    add_op(std::move(copy));
    return value;
  }

  int add_copy_value(int of) {
    PlanValue value;
    value.dtype = plan_.value(of).dtype;
    value.shape = plan_.value(of).shape;
    value.memory = plan_.value(of).memory;
    value.producer = static_cast<int>(plan_.ops.size());
    plan_.values.push_back(std::move(value));
    return static_cast<int>(plan_.values.size()) - 1;
  }

  void add_op(PlanOp op) {
    plan_.ops.push_back(std::move(op));
    writer_number_.push_back(-1);
    ancestors_.emplace_back(ancestors_.empty() ? 0 : ancestors_[0].size());
  }

  // What was read stays in the variable's memory until the last use, if no write comes between.
  void copy_overwritten_reads() {
    std::vector<int> position(plan_.ops.size(), -1);
    for (size_t i = 0; i < plan_.order.size(); ++i) {
      position[static_cast<size_t>(plan_.order[i])] = static_cast<int>(i);
    }
    std::vector<int> copied_after;  // writers whose own result must be copied at once
    for (const int index : plan_.order) {
      const PlanOp& op = plan_.op(index);
      if (!op.runs() || op.kind == StepKind::kNothing) continue;
      for (size_t i = 0; i < op.inputs.size(); ++i) {
        const int reader = overwritten_read(index, static_cast<int>(i), position);
        if (reader >= 0 && !contains(copied_after, reader)) copied_after.push_back(reader);
      }
    }
    for (const int reader : copied_after) make_copy(reader);
  }

  // The operation whose reading of a variable must be a copy because a write comes before this use
  // of it; -1 when there is none.
  int overwritten_read(int user, int input, const std::vector<int>& position) const {
    const PlanOp& op = plan_.op(user);
    if (contains(op.written_inputs, input)) return -1;
    const int value = op.inputs[static_cast<size_t>(input)];
    const int variable = plan_.value(plan_.root(value)).variable;
    if (variable < 0) return -1;
    const int reader = first_reader(value);
    if (reader < 0) return -1;
    const int read_at = position[static_cast<size_t>(reader)];
    const int used_at = position[static_cast<size_t>(user)];
    for (const int writer : writers_of_[static_cast<size_t>(variable)]) {
      if (writer == reader) continue;
      const int written_at = position[static_cast<size_t>(writer)];
      if (written_at <= read_at || written_at > used_at) continue;
      if (writer == user && reads_in_step(op, value, variable)) continue;
      return reader;
    }
    return -1;
  }

  // Whether an operation that writes a variable may read it at the same time: it reads each element
  // before it writes it.
  bool reads_in_step(const PlanOp& op, int value, int variable) const {
    if (op.kind == StepKind::kAssign) return true;
    if (op.kind != StepKind::kElementwise) return false;
    for (size_t i = 0; i < op.writes.size(); ++i) {
      if (op.writes[i] != variable) continue;
      return plan_.input(op, op.written_inputs[i]).shape == plan_.value(value).shape;
    }
    return false;
  }

  // The operation that first passed on the memory of a variable under this value; -1 for the
  // variable itself, which is read where it is used.
  int first_reader(int value) const {
    int reader = -1;
    for (int at = value; plan_.value(at).alias_of >= 0; at = plan_.value(at).alias_of) {
      reader = plan_.value(at).producer;
    }
    return reader;
  }

  void make_copy(int reader) {
    PlanOp& op = plan_.op(reader);
    if (op.kind == StepKind::kNothing) {  // Identity, ReadVariableOp: it copies instead
      op.kind = StepKind::kCopy;
      op.device = plan_.value(op.outputs[0]).memory;
      plan_.value(op.outputs[0]).alias_of = -1;
      return;
    }
    const int output = op.outputs[0];  // a writer's: copied right behind it
    PlanOp copy;
    copy.node = op.node;
    copy.kind = StepKind::kCopy;
    copy.need = Need::kRun;
    copy.inputs = {plan_.value(output).alias_of};
    const int value = add_copy_value(output);
    copy.device = plan_.value(value).memory;
    copy.outputs = {value};
    plan_.value(output).alias_of = value;
    const auto at = std::find(plan_.order.begin(), plan_.order.end(), reader);
    plan_.order.insert(at + 1, static_cast<int>(plan_.ops.size()));
    add_op(std::move(copy));
  }

  PlanGraph& plan_;
  int writer_count_ = 0;
  std::vector<int> writer_number_;            // by operation; -1 for one that writes nothing
  std::vector<std::vector<int>> writers_of_;  // by variable
  std::vector<Bits> ancestors_;
  std::vector<Before> stuck_;
};

}  // namespace

void order(PlanGraph& plan) { Orderer(plan).run(); }

}  // namespace tenon::internal

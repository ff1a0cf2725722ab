#include "core/plan/stages.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/plan/bodies.h"
#include "core/plan/passes.h"
#include "core/plan/write_order.h"

namespace tenon::internal {
namespace {

// Where an operation's input, or a fetch, comes from when it is not of its own part.
struct Source {
  enum class Kind : uint8_t {
    kHere,  // its own part finds it by itself
    kFed,   // the run was given it
    kMade,  // an operation of another part has made it
    kRead,  // a variable of another task, or a name of one, read there
  };
  Kind kind = Kind::kHere;
  OpId producer = {};
  int output = 0;
  int level = 0;  // of kRead: on which it is read
  int feed = -1;
};

class StageCutter {
 public:
  StageCutter(const GraphState& graph, const PlanRequest& request,
              const std::function<int(const Node&)>& task_of)
      : request_(request), node_task_(task_of) {
    prune(plan_, graph, request);
    task_ = IdVector<OpId, int>(plan_.op_count(), 0);
    for (const OpId id : plan_.ops()) task_[id] = task_of(*plan_.op(id).node);
    for (const OpId id : plan_.ops()) {
      const PlanOp& op = plan_.op(id);
      if (is_name(plan_, op)) task_[id] = task_[plan_.value(op.input(0)).producer()];
    }
    for (const PlanVariable& variable : plan_.variables()) {
      task_of_variable_.push_back(task_of(*variable.node));
    }
  }

  Stages run() {
    const WriteOrder writes(plan_);
    writes_ = &writes;
    check_bodies();
    find_levels();
    stages_.slots = request_.feeds.size();
    for (const OpId id : plan_.ops()) {
      if (is_staged(id)) place(id);
    }
    for (const ValueId fetch : plan_.fetches()) stages_.fetches.push_back(slot_of_fetch(fetch));
    add_targets();
    return finish();
  }

 private:
  using Place = std::pair<int, int>;  // level, task
  struct Part {
    StagePart part = {};
    std::vector<OpId> ops = {};
    std::set<OpId> used = {};  // whose results operations of the part take
  };

  // Variables, their names and constants are no operations that run: who uses them finds them.
  bool is_staged(OpId id) const {
    const PlanOp& op = plan_.op(id);
    return !op.def().is_variable && !is_everywhere(*op.node) && !is_name(plan_, op);
  }

  // Bodies run where their owner does.
  void check_bodies() const {
    for (const OpId id : plan_.ops()) {
      const PlanOp& op = plan_.op(id);
      if (op.node->flow == nullptr) continue;
      const auto require_here = [&](const Node& used, int its_task) {
        require<UnimplementedError>(
            its_task == task_[id], ErrorKind::bad_placement, "A conditional or loop uses ",
            described(used), ", which is on a task of another process: ", described(*op.node),
            ". What it runs must be on its own task, and what it reads of others read outside");
      };
      for (const VariableId read : op.reads) {
        require_here(*plan_.variable(read).node, task_of_variable_[read]);
      }
      for (const Body* body : op.node->flow->bodies) {
        for (const Node* inside : body->nodes) {
          if (!is_everywhere(*inside)) require_here(*inside, node_task_(*inside));
        }
      }
    }
  }

  // The variables that an operation reads in place, where it runs.
  std::vector<VariableId> reads_of(OpId id) const {
    const PlanOp& op = plan_.op(id);
    std::vector<VariableId> reads = op.reads;
    for (size_t i = 0; i < op.inputs().size(); ++i) {
      const VariableId variable = reference_behind(plan_, op.input(i));
      const bool is_read = variable.exists() && !contains(op.written_inputs, i);
      if (is_read && !contains(reads, variable)) reads.push_back(variable);
    }
    return reads;
  }

  Source source_of(ValueId value, OpId user, int task) const {
    const PlanValue& of = plan_.value(value);
    if (!of.producer().exists()) return {.kind = Source::Kind::kFed, .feed = of.feed()};
    Source source{.producer = of.producer()};
    const PlanOp& producer = plan_.op(source.producer);
    const auto at = std::find(producer.outputs().begin(), producer.outputs().end(), value);
    source.output = static_cast<int>(at - producer.outputs().begin());
    if (is_everywhere(*producer.node)) return source;
    if (is_staged(source.producer)) {
      source.kind = Source::Kind::kMade;
      return source;
    }
    if (task_[source.producer] == task) return source;
    source.kind = Source::Kind::kRead;
    source.level = level_of_read(source.producer, value, user);
    return source;
  }

  // After the writes that the reader waits for, which the name itself doesn't wait for.
  int level_of_read(OpId name, ValueId value, OpId user) const {
    int level = level_[name];
    const VariableId variable = reference_behind(plan_, value);
    if (!user.exists() || !variable.exists()) return level;
    for (const OpId writer : writes_->before(variable, user)) {
      if (!writes_->precedes(writer, name)) level = std::max(level, level_[writer] + 1);
    }
    return level;
  }

  // Levels grow along what an operation waits for, by one where that is another task's. A write
  // isn't before the reads that must not see it.
  void find_levels() {
    level_ = IdVector<OpId, int>(plan_.op_count(), 0);
    least_ = IdVector<OpId, int>(plan_.op_count(), 0);
    // Reads and writes that each want to come before the other never settle: any order will do.
    constexpr int kMostRounds = 16;
    for (int round = 0; round < kMostRounds; ++round) {
      for (const OpId id : plan_.ops()) level_[id] = std::max(least_[id], level_after_inputs(id));
      if (!hold_back_writers()) return;
    }
  }

  int level_after_inputs(OpId id) const {
    const PlanOp& op = plan_.op(id);
    const int task = task_[id];
    int level = 0;
    const auto after = [&](int before, int its_task) {
      level = std::max(level, before + (its_task == task ? 0 : 1));
    };
    // A constant is where its user is, and so waits there for what it waits for.
    const std::function<void(OpId, int)> after_op = [&](OpId before, int its_level) {
      if (!is_constant(before)) return after(its_level, task_[before]);
      for (const OpId control : plan_.op(before).controls()) after_op(control, level_[control]);
    };
    for (const ValueId input : op.inputs()) {
      const Source source = source_of(input, id, task);
      if (source.kind == Source::Kind::kFed) continue;
      const bool is_read = source.kind == Source::Kind::kRead;
      after_op(source.producer, is_read ? source.level : level_[source.producer]);
    }
    for (const OpId control : op.controls()) after_op(control, level_[control]);
    return level;
  }
  bool is_constant(OpId id) const { return is_everywhere(*plan_.op(id).node); }

  bool hold_back_writers() {
    bool has_changed = false;
    const auto hold = [&](VariableId variable, OpId reader, int level) {
      for (const OpId writer : writes_->writers_of(variable)) {
        if (writer == reader || level_[writer] >= level) continue;
        if (reader.exists() && writes_->precedes(writer, reader)) continue;
        least_[writer] = level;
        has_changed = true;
      }
    };
    for (const OpId id : plan_.ops()) {
      if (!is_staged(id)) continue;
      for (const ValueId input : plan_.op(id).inputs()) {
        const Source source = source_of(input, id, task_[id]);
        const VariableId variable = reference_behind(plan_, input);
        if (source.kind == Source::Kind::kRead && variable.exists()) {
          hold(variable, id, source.level);
        }
      }
      for (const VariableId variable : reads_of(id)) {
        if (task_of_variable_[variable] == task_[id]) hold(variable, id, level_[id]);
      }
    }
    return has_changed;
  }

  Part& part_at(int level, int task) {
    Part& part = parts_[{level, task}];
    part.part.task = task;
    return part;
  }

  void place(OpId id) {
    Part& part = part_at(level_[id], task_[id]);
    part.ops.push_back(id);
    take_inputs(id, id, level_[id], part);
  }

  // What an operation of a part on that level takes and waits for; for `user`, an operation itself
  // or what it uses by its name.
  void take_inputs(OpId id, OpId user, int level, Part& part) {
    const PlanOp& op = plan_.op(id);
    const auto is_here = [&](OpId before) {
      return task_[before] == part.part.task && level_[before] == level;
    };
    for (const ValueId input : op.inputs()) {
      const Source source = source_of(input, user, part.part.task);
      if (source.kind == Source::Kind::kHere) {
        take_inputs(source.producer, user, level, part);
      } else if (source.kind == Source::Kind::kMade && is_here(source.producer)) {
        part.used.insert(source.producer);
      } else {
        take(source, part);
      }
    }
    for (const OpId control : op.controls()) {
      if (!is_staged(control)) {
        const bool is_near = is_constant(control) || task_[control] == part.part.task;
        if (is_near) take_inputs(control, user, level, part);
      } else if (is_here(control)) {
        part.used.insert(control);
      } else {
        wait_for(control, part);
      }
    }
  }
  void wait_for(OpId before, Part& part) const {
    // Another process has only its own operations.
    if (part.part.task != 0 && task_[before] != part.part.task) return;
    const Node* node = plan_.op(before).node;
    if (!contains(part.part.done, node)) part.part.done.push_back(node);
  }

  void take(const Source& source, Part& part) {
    if (source.kind == Source::Kind::kFed) {
      return feed(part, request_.feeds[static_cast<size_t>(source.feed)].endpoint,
                  static_cast<ValueSlot>(source.feed));
    }
    if (source.kind == Source::Kind::kMade) {
      wait_for(source.producer, part);
      // A reference that was passed on is the variable's own, wherever that lies.
      const Node& producer = *plan_.op(source.producer).node;
      const bool is_own = task_[source.producer] == part.part.task;
      if (is_own && nth(producer.output_refs, source.output)) return;
    }
    feed(part, endpoint_of(source), slot_of(source));
  }

  Endpoint endpoint_of(const Source& source) const {
    return {const_cast<Node*>(plan_.op(source.producer).node), source.output};
  }

  void feed(Part& part, const Endpoint& endpoint, ValueSlot slot) const {
    const auto at = std::find(part.part.feeds.begin(), part.part.feeds.end(), endpoint);
    if (at == part.part.feeds.end()) {
      part.part.feeds.push_back(endpoint);
      part.part.fed.push_back(slot);
      return;
    }
    // Read before and after a write: the later one, for both.
    ValueSlot& before = nth(part.part.fed, at - part.part.feeds.begin());
    const auto level_of = [this](ValueSlot one) {
      return one < request_.feeds.size() ? 0 : made_on_[one - request_.feeds.size()];
    };
    if (level_of(slot) > level_of(before)) before = slot;
  }

  // The slot of a value that is made, or read, in some part: fetched there from now on.
  ValueSlot slot_of(const Source& source) {
    const int level = source.kind == Source::Kind::kMade ? level_[source.producer] : source.level;
    const auto key = std::tuple(source.producer, source.output, level);
    const auto found = slots_.find(key);
    if (found != slots_.end()) return found->second;
    const ValueSlot slot = stages_.slots++;
    slots_[key] = slot;
    made_on_.push_back(level);
    Part& part = part_at(level, task_[source.producer]);
    part.part.fetches.push_back(endpoint_of(source));
    part.part.fetched.push_back(slot);
    if (source.kind == Source::Kind::kMade) {
      part.used.insert(source.producer);
    } else {
      take_inputs(source.producer, source.producer, level, part);
    }
    return slot;
  }

  ValueSlot slot_of_fetch(ValueId fetch) {
    const PlanValue& value = plan_.value(fetch);
    const bool is_made = value.producer().exists() && !is_constant(value.producer());
    const int task = is_made ? task_[value.producer()] : 0;
    Source source = source_of(fetch, {}, task);
    if (source.kind == Source::Kind::kFed) return static_cast<ValueSlot>(source.feed);
    if (source.kind == Source::Kind::kHere) {
      source.kind = Source::Kind::kRead;
      if (!is_made) task_[source.producer] = 0;
      source.level = is_made ? level_[source.producer] : level_after_inputs(source.producer);
    }
    return slot_of(source);
  }

  // Operations run where somebody takes a result of theirs, or by themselves.
  void add_targets() {
    for (auto& [place, part] : parts_) {
      for (const OpId id : part.ops) {
        if (!part.used.contains(id)) {
          part.part.targets.push_back(const_cast<Node*>(plan_.op(id).node));
        }
      }
    }
  }

  Stages finish() {
    stages_.last_level.assign(stages_.slots, 0);
    for (auto& [place, part] : parts_) {
      const auto level = static_cast<size_t>(place.first);
      if (stages_.levels.size() <= level) stages_.levels.resize(level + 1);
      for (const ValueSlot slot : part.part.fed) {
        stages_.last_level[slot] = std::max(stages_.last_level[slot], level);
      }
      std::ranges::sort(part.part.done, {}, &Node::id);
      stages_.levels[level].push_back(std::move(part.part));
    }
    for (const ValueSlot slot : stages_.fetches) stages_.last_level[slot] = SIZE_MAX;
    return std::move(stages_);
  }

  PlanGraph plan_;
  const PlanRequest& request_;
  const std::function<int(const Node&)>& node_task_;
  const WriteOrder* writes_ = nullptr;
  IdVector<OpId, int> task_, level_, least_;
  IdVector<VariableId, int> task_of_variable_;
  std::vector<int> made_on_;  // the level of each slot behind those that are fed
  std::map<Place, Part> parts_;
  std::map<std::tuple<OpId, int, int>, ValueSlot> slots_;
  Stages stages_;
};

}  // namespace

bool is_everywhere(const Node& node) { return node.def->action == PlanAction::kConstant; }

bool Stages::only_of(int task) const {
  return levels.empty() ||
         (levels.size() == 1 && levels[0].size() == 1 && levels[0][0].task == task);
}

std::string Stages::to_string(const std::function<std::string(int)>& task_name) const {
  std::string text;
  const auto names = [](const std::vector<Endpoint>& endpoints) {
    std::vector<std::string> all;
    for (const Endpoint& one : endpoints) all.push_back(str(one.node->name, ":", one.index));
    return join(all);
  };
  for (size_t level = 0; level < levels.size(); ++level) {
    for (const StagePart& part : levels[level]) {
      std::vector<std::string> targets;
      for (const Node* target : part.targets) targets.push_back(target->name);
      text += str(level, " ", task_name(part.task), ": takes [", names(part.feeds), "], gives [",
                  names(part.fetches), "], runs [", join(targets), "]\n");
    }
  }
  return text;
}

Stages cut_into_stages(const GraphState& graph, const PlanRequest& request,
                       const std::function<int(const Node&)>& task_of) {
  return StageCutter(graph, request, task_of).run();
}

}  // namespace tenon::internal

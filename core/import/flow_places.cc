#include "core/import/flow_places.h"

#include <algorithm>
#include <utility>

#include "core/base/strings.h"

namespace tenon::internal {
namespace {

using Kind = FlowPlace::Kind;
constexpr int kDeepestPlace = 200;  // conditionals and loops in one another: adding them recurs

// The place of what takes of both; null where they never run together. What a loop's condition and
// its body share are the loop's variables: whoever takes others is told so when it is added.
const FlowPlace* inner_of(const FlowPlace* a, const FlowPlace* b) {
  if (is_within(a, b)) return a;
  if (is_within(b, a)) return b;
  for (const auto& [x, y] : {std::pair(a, b), std::pair(b, a)}) {
    if (x->kind == Kind::kCondition && is_within(y, x->outer)) return y;
  }
  return nullptr;
}

void raise(std::map<size_t, int>& stages, const std::map<size_t, int>& others) {
  for (const auto& [decision, stage] : others) {
    int& now = stages[decision];
    now = std::max(now, stage);
  }
}

}  // namespace

FlowPlaces::FlowPlaces(const GraphLinks& links) : links_(links), of_(links.size()) {
  graph_ = &places_.emplace_back();
  troubles_.emplace_back();
  find_roles();
  if (!any_) return;
  // What is inside of a loop hangs on all that enters it: each pass may tell of one loop more.
  for (size_t passes = 0; pass(); ++passes) {
    if (passes <= frames_.size()) continue;
    for (Frame& frame : frames_) frame.now.place = nullptr;  // one enters what it left
    pass();
    break;
  }
}

bool FlowPlaces::pass() {
  for (Frame& frame : frames_) frame.next = {.place = graph_};
  for (const size_t index : links_.inputs_first()) visit(index);
  bool more = false;
  for (Frame& frame : frames_) {
    more = more || frame.next.place != frame.now.place || frame.next.stages != frame.now.stages;
    frame.now = frame.next;
  }
  return more;
}

void FlowPlaces::find_roles() {
  for (size_t i = 0; i < of_.size(); ++i) {
    of_[i].place = graph_;
    of_[i].role = flow_role(links_.node(i).op);
    any_ = any_ || of_[i].role != FlowRole::kNone;
    if (of_[i].role == FlowRole::kEnter) of_[i].number = frame_of(i);
  }
  for (size_t i = 0; i < of_.size(); ++i) {
    const auto& inputs = links_.of(i).inputs;
    if (of_[i].role == FlowRole::kMerge) {
      const bool in_loop = std::any_of(inputs.begin(), inputs.end(), [&](const auto& edge) {
        return edge.mapped == nullptr && links_.goes_round(edge.node);
      });
      if (in_loop) of_[i].role = FlowRole::kLoopMerge;
    } else if (of_[i].role == FlowRole::kSwitch && inputs.size() == 2) {
      const GraphLinks::Edge by = decider(inputs[1]);
      const bool in_loop = !by.mapped && of_[by.node].role == FlowRole::kLoopCond;
      if (in_loop) of_[i].role = FlowRole::kLoopSwitch;
    }
  }
}

size_t FlowPlaces::frame_of(size_t enter) {
  std::string name;
  if (const std::string_view* bytes = find_attr(links_.node(enter), "frame_name")) {
    name = std::string(*bytes);
  }
  const auto [at, is_new] = frame_numbers_.emplace(name, frames_.size());
  if (is_new) frames_.push_back({.now = {.place = graph_}});
  return at->second;
}

// A predicate without the Identities that it went through.
GraphLinks::Edge FlowPlaces::decider(GraphLinks::Edge predicate) const {
  for (size_t steps = 0; steps < of_.size() && !predicate.mapped; ++steps) {
    const auto& inputs = links_.of(predicate.node).inputs;
    if (links_.node(predicate.node).op != "Identity" || inputs.size() != 1) break;
    predicate = inputs[0];
  }
  if (predicate.mapped != nullptr) predicate.node = 0;
  return predicate;
}

const FlowPlace* FlowPlaces::child(const FlowPlace* outer, Kind kind, size_t number, bool holds) {
  const FlowPlace*& known = children_[{outer, kind, number, holds}];
  if (known == nullptr) {
    known = &places_.emplace_back(FlowPlace{kind, outer, number, holds, outer->depth + 1});
  }
  return known;
}

size_t FlowPlaces::decision(const FlowPlace* place, const GraphLinks::Edge& predicate) {
  const auto [at, is_new] = decision_numbers_.emplace(
      std::tuple(place, predicate.node, predicate.output, predicate.mapped), decisions_.size());
  if (is_new) decisions_.push_back({place, predicate});
  return at->second;
}

FlowPlaces::Where FlowPlaces::troubled(size_t index, const std::string& why) {
  troubles_.push_back(str("Node '", links_.node(index).name, "' ", why));
  return {.place = nullptr, .trouble = troubles_.size() - 1};
}

FlowPlaces::Where FlowPlaces::of_value(size_t node, int output) {
  const Of& of = of_[node];
  Where where = of;
  if (of.place == nullptr) return where;
  if (of.place->depth > kDeepestPlace) {
    return troubled(node, "stands in too many conditionals and loops");
  }
  if (of.role == FlowRole::kSwitch && output >= 0) {
    const size_t number = decision(of.place, decider(links_.of(node).inputs[1]));
    where.place = child(of.place, Kind::kBranch, number, output == 1);
  } else if (of.role == FlowRole::kEnter) {
    const Where& frame = frames_[of.number].now;
    if (frame.place == nullptr) {
      return troubled(node, "enters a loop whose values never are there together");
    }
    where.place = child(frame.place, Kind::kFrame, of.number, false);
    where.stages = frame.stages;
  } else if (of.role == FlowRole::kLoopSwitch && output == 1) {
    where.place = child(of.place->outer, Kind::kRound, 0, false);
  }
  return where;
}

void FlowPlaces::include(Where& where, Where other, size_t index) {
  raise(where.stages, other.stages);
  if (where.place == nullptr) return;
  if (other.place == nullptr) {
    where.place = nullptr;
    where.trouble = other.trouble;
    return;
  }
  const FlowPlace* inner = inner_of(where.place, other.place);
  if (inner == nullptr) {
    where = troubled(index, "takes values of branches that never run together");
  }
  where.place = inner;
}

FlowPlaces::Where FlowPlaces::joined(size_t index) {
  Where where{.place = graph_};
  for (const auto& edge : links_.of(index).inputs) {
    if (edge.mapped != nullptr || links_.goes_round(edge.node)) continue;
    include(where, of_value(edge.node, edge.output), index);
  }
  for (const size_t control : links_.of(index).controls) {
    if (!links_.goes_round(control)) include(where, of_value(control, -1), index);
  }
  return where;
}

void FlowPlaces::settle(size_t index, Where where) {
  static_cast<Where&>(of_[index]) = std::move(where);
}

// A conditional's Merge takes from both of its branches, and stands where they hang on.
void FlowPlaces::merge(size_t index) {
  const auto& inputs = links_.of(index).inputs;
  Where sides[2];
  const bool is_pair = inputs.size() == 2 && !inputs[0].mapped && !inputs[1].mapped;
  if (is_pair) {
    for (size_t i = 0; i < 2; ++i) sides[i] = of_value(inputs[i].node, inputs[i].output);
    for (Where& side : sides) {
      if (side.place == nullptr) return settle(index, std::move(side));
    }
  }
  const FlowPlace *a = sides[0].place, *b = sides[1].place;
  const bool fits = is_pair && a->kind == Kind::kBranch && b->kind == Kind::kBranch &&
                    a->number == b->number && a->holds != b->holds;
  if (!fits) {
    return settle(index, troubled(index, "merges what isn't of the two branches of a conditional"));
  }
  of_[index].number = a->number;
  of_[index].true_input = a->holds ? 0 : 1;
  Where where{.place = a->outer, .stages = std::move(sides[0].stages)};
  raise(where.stages, sides[1].stages);
  ++where.stages[a->number];
  for (const size_t control : links_.of(index).controls) {
    include(where, of_value(control, -1), index);
  }
  settle(index, std::move(where));
}

void FlowPlaces::visit(size_t index) {
  Of& of = of_[index];
  if (of.role == FlowRole::kMerge) return merge(index);
  const auto& inputs = links_.of(index).inputs;
  const bool takes_two = of.role == FlowRole::kSwitch || of.role == FlowRole::kLoopSwitch;
  if (of.role != FlowRole::kNone && of.role != FlowRole::kLoopMerge &&
      inputs.size() != (takes_two ? 2 : 1)) {
    return settle(index, troubled(index, str("has ", inputs.size(), " inputs")));
  }
  Where where = joined(index);
  if (of.role == FlowRole::kEnter) include(frames_[of.number].next, where, index);
  if (where.place != nullptr && of.role != FlowRole::kNone) settle_in_loop(index, where);
  settle(index, std::move(where));
}

void FlowPlaces::settle_in_loop(size_t index, Where& where) {
  const FlowRole role = of_[index].role;
  const Kind kind = where.place->kind;
  if (role == FlowRole::kLoopMerge && kind == Kind::kFrame) {
    where.place = child(where.place, Kind::kCondition, 0, false);
  } else if (role == FlowRole::kExit && kind == Kind::kCondition) {
    where.place = where.place->outer->outer;
  } else if (role == FlowRole::kLoopMerge || role == FlowRole::kExit ||
             ((role == FlowRole::kLoopCond || role == FlowRole::kLoopSwitch) &&
              kind != Kind::kCondition)) {
    where = troubled(index, str("isn't where a loop has its ", links_.node(index).op));
  }
}

}  // namespace tenon::internal

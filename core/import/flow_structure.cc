#include "core/import/flow_structure.h"

#include <algorithm>
#include <limits>

namespace tenon::internal {
namespace {

using Kind = FlowPlace::Kind;
constexpr int kAnyStage = std::numeric_limits<int>::max();

int stage_in(const FlowPlaces::Of& of, size_t decision) {
  const auto at = of.stages.find(decision);
  return at == of.stages.end() ? 0 : at->second;
}

// From the outermost, without the graph itself.
std::vector<const FlowPlace*> path_to(const FlowPlace* place) {
  std::vector<const FlowPlace*> path;
  for (; place->outer != nullptr; place = place->outer) path.push_back(place);
  std::reverse(path.begin(), path.end());
  return path;
}

int depth_of(const FlowRegion* region) {
  int depth = 0;
  for (; region->of != nullptr; region = region->of->outer) ++depth;
  return depth;
}

}  // namespace

FlowStructure::FlowStructure(const GraphLinks& links)
    : links_(links), places_(links), is_sorted_(links.size(), false) {
  if (!places_.any()) {
    for (const size_t node : links_.inputs_first()) {
      graph_.items.push_back({.node = node});
      is_sorted_[node] = true;
    }
    return;
  }
  find_levels();
  find_stages();
  find_constructs();
  sort();
}

void FlowStructure::find_levels() {
  levels_.resize(links_.size());
  merge_stages_.resize(links_.size());
  size_t elements = 0;
  for (size_t i = 0; i < links_.size(); ++i) {
    first_element_.push_back(elements);
    const FlowPlaces::Of& of = places_[i];
    if (of.place != nullptr) {
      const std::vector<const FlowPlace*> path = path_to(of.place);
      for (auto at = path.begin(); at != path.end(); ++at) {
        if ((*at)->kind != Kind::kBranch) continue;
        const bool in_loop = std::any_of(
            at, path.end(), [](const FlowPlace* place) { return place->kind == Kind::kFrame; });
        levels_[i].push_back(
            {(*at)->number, in_loop ? stage_in(of, (*at)->number) : kAnyStage, in_loop});
      }
    }
    elements += levels_[i].size() + 1;  // one more: a Merge is of the conditional that it ends
  }
  for (size_t i = 0; i < elements; ++i) leaders_.push_back(i);
}

size_t FlowStructure::shared_levels(size_t a, size_t b) const {
  size_t shared = 0;
  while (shared < levels_[a].size() && shared < levels_[b].size() &&
         levels_[a][shared].decision == levels_[b][shared].decision) {
    ++shared;
  }
  return shared;
}

size_t FlowStructure::leader(size_t element) {
  while (leaders_[element] != element) {
    element = leaders_[element] = leaders_[leaders_[element]];
  }
  return element;
}

// A node is in the first of a decision's conditionals that takes of it: the stages of those that
// follow are higher, so none of them comes before what it waits for.
void FlowStructure::find_stages() {
  const std::vector<size_t>& order = links_.inputs_first();
  const auto ends = [this](size_t user, size_t node, size_t level) {
    return places_[user].role == FlowRole::kMerge && level < levels_[node].size() &&
           levels_[node][level].decision == places_[user].number;
  };
  for (auto at = order.rbegin(); at != order.rend(); ++at) {
    const FlowPlaces::Of& of = places_[*at];
    if (of.role == FlowRole::kMerge && of.place != nullptr) {
      merge_stages_[*at] = stage_in(of, of.number) - 1;
    }
    for (Level& level : levels_[*at]) {
      if (level.stage == kAnyStage) level.stage = stage_in(of, level.decision);
    }
    for (const size_t producer : links_.producers_of(*at)) {
      const size_t shared = shared_levels(producer, *at);
      for (size_t k = 0; k < shared; ++k) {
        Level& level = levels_[producer][k];
        if (!level.is_fixed) level.stage = std::min(level.stage, levels_[*at][k].stage);
      }
      if (ends(*at, producer, shared) && !levels_[producer][shared].is_fixed) {
        int& stage = levels_[producer][shared].stage;
        stage = std::min(stage, merge_stages_[*at]);
      }
    }
  }
  for (const size_t user : order) {
    for (const size_t producer : links_.producers_of(user)) {
      const size_t shared = shared_levels(producer, user);
      for (size_t k = 0; k < shared; ++k) {
        if (levels_[producer][k].stage != levels_[user][k].stage) continue;
        leaders_[leader(element(producer, k))] = leader(element(user, k));
      }
      if (ends(user, producer, shared) && levels_[producer][shared].stage == merge_stages_[user]) {
        leaders_[leader(element(producer, shared))] = leader(element(user, shared));
      }
    }
  }
}

FlowConstruct& FlowStructure::add_construct(FlowRegion* outer) {
  FlowConstruct& made = constructs_.emplace_back();
  made.number = links_.size() + constructs_.size() - 1;
  made.outer = outer;
  for (FlowRegion& part : made.parts) part.of = &made;
  return made;
}

FlowConstruct* FlowStructure::conditional(FlowRegion* outer, size_t decision, int stage,
                                          size_t leader) {
  FlowConstruct*& known = conditionals_[{outer, decision, stage, leader}];
  if (known == nullptr) {
    known = &add_construct(outer);
    known->predicate = places_.decisions()[decision].predicate;
  }
  return known;
}

FlowConstruct* FlowStructure::loop(FlowRegion* outer, size_t frame) {
  FlowConstruct*& known = loops_[{outer, frame}];
  if (known == nullptr) {
    known = &add_construct(outer);
    known->repeats = true;
  }
  return known;
}

FlowRegion* FlowStructure::region_of(size_t node) {
  const FlowPlace* place = places_[node].place;
  if (place == nullptr) return nullptr;
  FlowRegion* region = &graph_;
  size_t level = 0;
  size_t frame = 0;
  for (const FlowPlace* at : path_to(place)) {
    if (at->kind == Kind::kBranch) {
      const Level& of = levels_[node][level];
      FlowConstruct* construct =
          conditional(region, of.decision, of.stage, leader(element(node, level)));
      region = &construct->parts[at->holds ? 0 : 1];
      ++level;
    } else if (at->kind == Kind::kFrame) {
      frame = at->number;  // what hangs on no variable of the loop is made outside of it
    } else {
      region = &loop(region, frame)->parts[at->kind == Kind::kRound ? 1 : 0];
    }
  }
  return region;
}

void FlowStructure::find_constructs() {
  regions_.resize(links_.size(), nullptr);
  for (const size_t node : links_.inputs_first()) {
    regions_[node] = region_of(node);
    if (regions_[node] != nullptr) add_loop_node(node);
  }
  for (const size_t node : links_.inputs_first()) {
    if (places_[node].role != FlowRole::kMerge || regions_[node] == nullptr) continue;
    ended_by(node)->merges.push_back(node);
  }
}

// The conditional whose branches a Merge takes from.
FlowConstruct* FlowStructure::ended_by(size_t merge) {
  return conditional(regions_[merge], places_[merge].number, merge_stages_[merge],
                     leader(element(merge, levels_[merge].size())));
}

// What a loop's own operations are to it.
void FlowStructure::add_loop_node(size_t node) {
  const FlowRole role = places_[node].role;
  FlowConstruct* const of = regions_[node]->of;
  if (role == FlowRole::kLoopCond) of->loop_cond = node;
  if (role == FlowRole::kLoopMerge) {
    FlowConstruct::Variable variable{.merge = node};
    for (const GraphLinks::Edge& edge : links_.of(node).inputs) {
      (links_.goes_round(edge.node) ? variable.next : variable.enter) = edge.node;
    }
    of->variables.push_back(variable);
  }
  if (role != FlowRole::kLoopSwitch && role != FlowRole::kExit) return;
  const size_t from = links_.of(node).inputs[0].node;
  FlowConstruct* const loop = role == FlowRole::kExit ? regions_[from]->of : of;
  for (FlowConstruct::Variable& variable : loop->variables) {
    if (role == FlowRole::kLoopSwitch && variable.merge == from) variable.toggle = node;
    if (role == FlowRole::kExit && variable.toggle == from) variable.exit = node;
  }
}

// One comes before another in the region that both are in.
void FlowStructure::add_order(Spot before, Spot after) {
  const auto leave = [](Spot& spot) { spot = {spot.region->of->number, spot.region->of->outer}; };
  int depth_before = depth_of(before.region), depth_after = depth_of(after.region);
  for (; depth_before > depth_after; --depth_before) {
    before.region->of->is_used = true;
    leave(before);
  }
  for (; depth_after > depth_before; --depth_after) leave(after);
  while (before.region != after.region) {
    if (before.region->of != after.region->of) before.region->of->is_used = true;
    leave(before);
    leave(after);
  }
  if (before.item != after.item) waiting_[before.item].push_back(after.item);
}

void FlowStructure::add_orders_of(size_t node) {
  Spot here = spot_of(node);
  if (places_[node].role == FlowRole::kMerge) {
    FlowConstruct* const construct = ended_by(node);
    construct->is_used = true;
    add_order({construct->number, construct->outer}, here);
    here = {construct->number, construct->outer};  // which takes what the Merge takes
  }
  for (const size_t producer : links_.producers_of(node)) {
    if (regions_[producer] == nullptr || links_.goes_round(producer)) continue;
    add_order(spot_of(producer), here);
  }
}

void FlowStructure::sort() {
  waiting_.resize(links_.size() + constructs_.size());
  for (const size_t node : links_.inputs_first()) {
    if (regions_[node] != nullptr) add_orders_of(node);
  }
  for (const FlowConstruct& construct : constructs_) {
    const GraphLinks::Edge& by = construct.predicate;
    if (construct.repeats || by.mapped != nullptr || regions_[by.node] == nullptr) continue;
    add_order(spot_of(by.node), {construct.number, construct.outer});
  }
  std::vector<bool> sorted(waiting_.size(), false);
  for (const size_t item : sorted_by_need(waiting_)) {
    sorted[item] = true;
    if (item >= links_.size()) {
      FlowConstruct& construct = constructs_[item - links_.size()];
      construct.outer->items.push_back({.construct = &construct});
    } else if (regions_[item] != nullptr) {
      regions_[item]->items.push_back({.node = item});
    }
  }
  for (const size_t node : links_.inputs_first()) {
    bool all = sorted[node];
    const FlowRegion* at = regions_[node];
    for (; at != nullptr && at->of != nullptr; at = at->of->outer)
      all = all && sorted[at->of->number];
    is_sorted_[node] = all;
  }
}

}  // namespace tenon::internal

// A run over several tasks (processes), cut into parts that each run within one task.
//
// A part is a plain run of some operations of the graph, to which values come as feeds and from
// which values go as fetches: it never waits inside of itself. Parts have levels: all that one
// takes was made on levels before its own, so that parts of one level may run at the same time.
// Operations run on the first level that they can.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/plan/plan_request.h"

namespace tenon::internal {

// A value that crosses parts, or that the run is given or hands out.
using ValueSlot = size_t;

struct StagePart {
  int task = 0;
  std::vector<Endpoint> fetches = {};
  std::vector<Node*> targets = {};
  std::vector<Endpoint> feeds = {};
  std::vector<const Node*> done = {};   // that its operations wait for, in parts before
  std::vector<ValueSlot> fetched = {};  // of the fetches
  std::vector<ValueSlot> fed = {};      // of the feeds
};

struct Stages {
  std::vector<std::vector<StagePart>> levels;
  size_t slots = 0;                // the first are those of the request's feeds
  std::vector<ValueSlot> fetches;  // of the request's
  std::vector<size_t> last_level;  // that takes a value, by slot

  bool only_of(int task) const;  // whether there is but one part, and it is this task's
  std::string to_string(const std::function<std::string(int)>& task_name) const;
};

// Cuts a run. Shapes don't matter: of the request's feeds only the endpoints do. What a variable's
// readers and writers see of each other is what one plan would give them (order.cc); a reference
// variable that another task reads is read on its own task, after those writes that its reader
// waits for. Throws UnimplementedError (bad_placement) for conditionals and loops that use
// variables or devices of other tasks than their own. The caller holds the graph's lock.
Stages cut_into_stages(const GraphState& graph, const PlanRequest& request,
                       const std::function<int(const Node&)>& task_of);

// Whether a node is nobody's: each part that needs it makes it anew.
bool is_everywhere(const Node& node);

}  // namespace tenon::internal

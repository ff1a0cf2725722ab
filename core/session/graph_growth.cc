#include "core/session/graph_growth.h"

#include <iostream>

#include "core/base/strings.h"
#include "core/plan/plan_graph.h"

namespace tenon::internal {
namespace {

// More than a program makes between its runs while it sets itself up.
constexpr int64_t kManyTimes = 50;

}  // namespace

void GraphGrowth::look_at(const GraphState& graph) {
  if (!warns_) return;
  const int count = graph.node_count();
  if (++runs_ == 1) first_ = last_ = count;
  if (count == last_) return;
  last_ = count;
  if (++grown_ < kManyTimes) return;
  warns_ = false;
  std::cerr << str("tenon: the graph has grown before ", grown_, " of ", runs_,
                   " runs of a session, from ", first_, " to ", count,
                   " operations; the latest is ", described(*graph.node(count - 1)),
                   ". Each round of such a loop takes longer than the one before: make operations "
                   "once and run them often. Graph::finalize finds where they are made; "
                   "SessionOptions::graph_growth_warning = false says that it is meant so.\n");
}

}  // namespace tenon::internal

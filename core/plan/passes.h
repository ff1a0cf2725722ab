// The passes that make a plan: one table, in the order in which they run.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/plan_graph.h"

namespace tenon::internal {

struct Plan;

// What passes work for.
struct PassContext {
  const GraphState& graph;
  const PlanRequest& request;
  const PlanEnvironment& environment;
  Plan& plan;
};

struct Pass {
  std::string_view name;  // also its file's stem
  std::string_view does;  // in one sentence
  void (*run)(PlanGraph&, PassContext&);
};

// All passes, in order.
std::span<const Pass> passes();

// Is told the graph's text behind a pass.
using PassDump = std::function<void(const Pass&, const std::string& text)>;

// Runs all passes; where it was built to (TENON_VERIFY_PLANS: Debug, Dev and sanitizer builds), the
// graph is verified behind each. Dumps behind the passes whose names are listed ("fuse,order";
// "all").
void run_passes(PlanGraph& graph, PassContext& context, std::string_view dumped = {},
                const PassDump& dump = {});

// Each pass by itself, in a file of its name that says what it does.
void prune(PlanGraph& plan, const GraphState& graph, const PlanRequest& request);
// With the graph, shapes of what bodies hand out are worked out from these.
void specialise(PlanGraph& plan, const PlanEnvironment& environment,
                const GraphState* graph = nullptr);
std::unique_ptr<PlanRest> cut(PlanGraph& plan, const PlanRequest& request);  // null: no cut
void erase_unneeded(PlanGraph& plan);
void simplify(PlanGraph& plan);
void fold(PlanGraph& plan);
void transfer(PlanGraph& plan, const PlanEnvironment& environment, bool keep_on_device = false);
void fuse(PlanGraph& plan, const PlanEnvironment& environment);
void order(PlanGraph& plan);
void tile(PlanGraph& plan, const PlanEnvironment& environment);
void group(PlanGraph& plan, const PlanEnvironment& environment);
void bind(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan);
void place_in_memory(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan);
void record(const PlanGraph& graph, const PlanEnvironment& environment, Plan& plan);

// What an operation's device says of its kernel; null for what needs none.
const KernelRegistration* registration_of(const PlanOp& op, const PlanEnvironment& environment);

// What its kernel is prepared for, as long as the operation is there.
KernelRequest request_of(const PlanGraph& graph, const PlanOp& op,
                         const PlanEnvironment& environment);

// The values in whose memory a step leaves something: updates in place leave it in variables.
std::vector<ValueId> made_by(const PlanGraph& graph, const PlanOp& op);

}  // namespace tenon::internal

// Makes what a session runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/plan/stages.h"
#include "core/session/executable.h"
#include "core/session/graph_growth.h"
#include "core/session/graph_message.h"
#include "core/session/graph_placement.h"
#include "core/session/random_streams.h"
#include "core/session/resolve.h"
#include "core/session/session_variables.h"

namespace tenon::internal {

// Answers what plans ask of their session, and binds each plan to its variables and streams.
// Thread-safe.
class Planner : public PlanEnvironment {
 public:
  Planner(std::shared_ptr<GraphState> graph, const SessionDevices& devices,
          SessionVariables& variables, const SessionOptions& options)
      : graph_(std::move(graph)),
        devices_(devices),
        variables_(variables),
        placement_(*graph_, devices, options),
        growth_(options.graph_growth_warning) {}

  // Before a run: gives every operation of the graph a place, also those that nobody runs. Throws
  // InvalidArgumentError (bad_placement).
  void place_graph();
  std::vector<PlacedOperation> placed_operations();
  // Throws what a run may throw before it starts. `variables_held`: the calling thread has locked
  // all variables that it needs.
  std::shared_ptr<Executable> make_executable(PlanRequest request, std::string key,
                                              bool variables_held = false);

  // Of a run over several tasks: its parts, and what a task has yet to get of the graph for one.
  Stages cut(const RunRequest& request);
  void send_part(const StagePart& part, SentGraph& sent, Message& message);

  // The storage of a variable of the graph.
  VariableStorage& storage_of(const Node& variable);

  // PlanEnvironment. The graph's lock is held.
  const std::vector<Device*>& devices() const override { return devices_.all(); }
  int device_of(const Node& node) const override;
  std::optional<Shape> variable_shape(const Node& variable) const override;
  std::pair<int64_t, int64_t> chosen_seeds(const Node& node) const override {
    return streams_.at(node).seeds;
  }

 private:
  VariableStorage& storage(const Node& variable) const;
  void bind_variables(Executable& executable) const;

  const std::shared_ptr<GraphState> graph_;
  const SessionDevices& devices_;
  SessionVariables& variables_;
  mutable RandomStreams streams_;
  GraphPlacement placement_;  // this and the next one under the graph's lock
  GraphGrowth growth_;
};

}  // namespace tenon::internal

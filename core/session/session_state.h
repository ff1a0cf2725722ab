// The state behind a Session handle: devices, placement, variables, plans.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/plan/place.h"
#include "core/plan/plan.h"
#include "core/session/variable_storage.h"
#include "tenon/session.h"

namespace tenon::internal {

// A plan with what it needs of the session at hand, so that running it looks nothing up.
struct PreparedRun {
  PlanRequest request;  // what the plan was made for
  std::shared_ptr<Plan> plan;
  std::vector<VariableStorage*> variables;       // as plan->variables
  std::vector<int> locking_order;                // indices into variables
  std::vector<std::vector<int>> variable_slots;  // of each variable
  std::vector<RandomStream*> streams;            // by step; null for one that draws nothing

  // After a cut: plans of the rest, by the values and shapes that were found.
  std::mutex rest_mutex;
  std::map<std::string, std::shared_ptr<PreparedRun>> rests;
};

// What a run asks for, resolved to this graph. Order matters: results come back in it.
struct RunRequest {
  std::vector<Endpoint> fetches;
  std::vector<Node*> targets;
  std::vector<Endpoint> feeds;
};

class SessionState : public PlanEnvironment, public std::enable_shared_from_this<SessionState> {
 public:
  SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options);
  ~SessionState() override;

  // Runs the request for these values of its feeds. `outputs` has room for one tensor a fetch;
  // those that are empty are made, the others are written into.
  void run(const RunRequest& request, std::span<const Tensor> feeds, std::span<Tensor> outputs);
  // The prepared run for these shapes, made if there is none (pinned by the caller).
  std::shared_ptr<PreparedRun> prepare(const RunRequest& request, std::span<const Tensor> feeds);
  // Runs what was prepared; false when variables have other shapes by now and it must be prepared
  // anew.
  bool run_prepared(const RunRequest& request, PreparedRun& prepared, std::span<const Tensor> feeds,
                    std::span<Tensor> outputs);
  void check_feeds(const RunRequest& request, std::span<const Tensor> feeds) const;

  void close();
  void check_open() const;
  const std::shared_ptr<GraphState>& graph() const { return graph_; }
  std::vector<DeviceInfo> list_devices() const;
  std::vector<Allocation> variable_allocations() const;
  std::shared_ptr<PreparedRun> compile_run(const RunRequest& request,
                                           std::span<const Tensor> feeds);

  // PlanEnvironment.
  Device& device_of(const Node& node) const override;
  Device& host() const override { return *devices_[0]; }
  std::optional<Shape> variable_shape(const Node& variable) const override;
  std::pair<int64_t, int64_t> chosen_seeds(const Node& node) const override;

 private:
  void place_graph();
  VariableStorage& storage(const Node& variable) const;
  RandomStream& stream(const Node& node) const;
  std::shared_ptr<PreparedRun> prepare_plan(const PlanRequest& request);
  void run_rest(const RunRequest& request, PreparedRun& prepared, std::span<const Tensor> feeds,
                std::span<Tensor> outputs);

  std::shared_ptr<GraphState> graph_;
  SessionOptions options_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<DeviceSpec> device_specs_;
  std::vector<int> placement_;  // by node id; under the graph's lock

  mutable std::mutex mutex_;                                                     // of what follows
  mutable std::unordered_map<int, std::unique_ptr<VariableStorage>> variables_;  // by node id
  mutable std::unordered_map<int, std::unique_ptr<RandomStream>> streams_;
  struct CachedRun {
    std::string key;
    std::shared_ptr<PreparedRun> run;
  };
  std::list<CachedRun> cached_;  // the latest used first
  std::unordered_map<std::string, std::list<CachedRun>::iterator> cache_index_;
  std::atomic<bool> closed_{false};

  // A run whose plan is cut is two runs that must be seen as one: it holds this exclusively.
  std::shared_mutex cut_mutex_;
};

// The executor: one run of a plan. Variables are locked already.
void execute(PreparedRun& prepared, std::span<const Tensor> feeds, std::span<Tensor> outputs);

// Throws the exception in flight again, its message extended by which operation met it.
[[noreturn]] void rethrow_in(const Node& node);

// A fetch, resolved: an endpoint, or an operation.
struct ResolvedFetch {
  Endpoint endpoint = {};
  Node* target = nullptr;
};
ResolvedFetch resolve(const GraphState& graph, const Fetch& fetch);
Endpoint resolve(const GraphState& graph, const FeedKey& key);

}  // namespace tenon::internal

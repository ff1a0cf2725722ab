// The state behind a Session handle: devices, placement, variables, plans.
#pragma once

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/plan/place.h"
#include "core/plan/plan.h"
#include "core/session/prepared_run.h"
#include "core/session/resolve.h"
#include "core/session/runs_under_way.h"
#include "core/transport/transport.h"
#include "tenon/session.h"

namespace tenon::internal {

// The values that one run takes and makes.
struct RunCall {
  std::span<const Tensor> feeds;
  // Room for one tensor a fetch; those that are empty are made, the others are written into.
  std::span<Tensor> outputs;
  const RunOptions& options;
};

class SessionState : public PlanEnvironment, public std::enable_shared_from_this<SessionState> {
 public:
  SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options);
  ~SessionState() override;

  // Runs what `call` asks for and leaves its results there.
  void run(ResolvedCall& call);
  // The prepared run for these shapes: the one kept from before, if there is one.
  std::shared_ptr<PreparedRun> prepare(ResolvedCall& call);
  // The same, always made anew.
  std::shared_ptr<PreparedRun> compile_run(const RunRequest& request, std::span<const Tensor> feeds,
                                           bool keep_on_device = false);
  // Runs what was prepared; false when variables have other shapes by now and it must be prepared
  // anew.
  bool run_prepared(const RunRequest& request, PreparedRun& prepared, const RunCall& call);
  // Room for a call, from earlier ones: resolving a warm one allocates nothing.
  std::unique_ptr<ResolvedCall> lease_call();
  void give_back(std::unique_ptr<ResolvedCall> call);
  void check_feeds(const RunRequest& request, std::span<const Tensor> feeds) const;

  // The index of GPU number `number`. Throws InvalidArgumentError (bad_device) when there is none.
  int gpu(int number) const;
  // The device whose memory a tensor lies in. Throws ValueError (bad_feed) when the session doesn't
  // have it.
  int memory_holding(const Tensor& tensor) const;
  // A tensor in a device's memory that keeps the session alive.
  Tensor device_tensor(size_t device, DType dtype, const Shape& shape);
  RunsUnderWay& under_way(size_t device) { return *under_way_[device]; }

  void close();
  void check_open() const;
  const std::shared_ptr<GraphState>& graph() const { return graph_; }
  const SessionOptions& options() const { return options_; }
  std::vector<DeviceInfo> list_devices() const;
  std::vector<Allocation> variable_allocations() const;
  std::vector<PlacedOperation> placed_operations();         // places the graph first
  std::vector<std::shared_ptr<Plan>> living_plans() const;  // also those that callables hold

  // PlanEnvironment.
  const std::vector<Device*>& devices() const override { return devices_; }
  int device_of(const Node& node) const override {
    return placement_[static_cast<size_t>(node.id)].device;
  }
  std::optional<Shape> variable_shape(const Node& variable) const override;
  std::pair<int64_t, int64_t> chosen_seeds(const Node& node) const override;

 private:
  std::vector<std::string> device_names() const;
  void place_graph();
  VariableStorage& storage(const Node& variable) const;
  RandomStream& stream(const Node& node) const;
  std::shared_ptr<PreparedRun> prepare_plan(const PlanRequest& request);
  bool run_alone_or_together(const RunRequest& request, PreparedRun& prepared, const RunCall& call);
  bool ready(const PreparedRun& prepared) const;
  void check_values(const PreparedRun& prepared) const;
  std::unique_ptr<Arena> lease(const Plan& plan);
  void run_rest(const RunRequest& request, PreparedRun& prepared, const RunCall& call);
  Tensor on_host(const Tensor& tensor, const RunOptions& options);
  std::string largest_holders() const;  // of memory, for errors

  std::shared_ptr<GraphState> graph_;
  SessionOptions options_;
  std::vector<std::unique_ptr<Device>> opened_;  // without a target
  std::unique_ptr<Transport> transport_;         // with a target
  std::vector<Device*> devices_;
  std::vector<std::shared_ptr<RunsUnderWay>> under_way_;  // by device
  std::vector<Placed> placement_;                         // by node id; under the graph's lock

  mutable std::mutex mutex_;                                                     // of what follows
  mutable std::unordered_map<int, std::shared_ptr<VariableStorage>> variables_;  // by node id
  mutable std::unordered_map<int, std::unique_ptr<RandomStream>> streams_;
  PlanCache cache_;
  std::vector<std::unique_ptr<ResolvedCall>> idle_calls_;
  std::vector<std::weak_ptr<Plan>> plans_;  // all that are alive, also those that callables hold
  std::atomic<bool> closed_{false};

  // A run whose plan is cut is two runs that must be seen as one: it holds this exclusively.
  std::shared_mutex cut_mutex_;
};

// The executor: one run of a plan in an arena that it gives back. Variables are locked already.
void execute(SessionState& session, PreparedRun& prepared, std::unique_ptr<Arena> arena,
             const RunCall& call);

// What a run of the plan copies between devices.
std::vector<DeviceCopy> copies_of(const Plan& plan);

}  // namespace tenon::internal

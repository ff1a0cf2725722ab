// The state behind a Session handle: its parts, and what is asked of several of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/session/call_pool.h"
#include "core/session/executable_cache.h"
#include "core/session/planner.h"
#include "core/session/resolve.h"
#include "core/session/run_call.h"
#include "core/session/runner.h"
#include "core/session/session_devices.h"
#include "core/session/session_variables.h"
#include "core/session/staged_runner.h"
#include "core/session/working_memory.h"
#include "core/transport/transport.h"
#include "tenon/session.h"

namespace tenon::internal {

class SessionState {
 public:
  SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options);
  SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options,
               std::shared_ptr<Transport> transport);
  ~SessionState();
  SessionState(const SessionState&) = delete;
  SessionState& operator=(const SessionState&) = delete;

  const std::shared_ptr<GraphState>& graph() const { return graph_; }
  const SessionOptions& options() const { return options_; }
  const SessionDevices& devices() const { return *devices_; }
  const SessionVariables& variables() const { return variables_; }
  const ExecutableCache& executables() const { return executables_; }
  const WorkingMemory& memory() const { return memory_; }
  VariableStorage& variable_storage(const Node& variable) { return planner_.storage_of(variable); }
  CallPool& calls() { return calls_; }

  // Throws RuntimeError (closed).
  void check_open() const { transport_->check_open(); }
  bool is_closed() const { return transport_->is_closed(); }
  void close();

  // Runs what `call` asks for and leaves its results there.
  void run(ResolvedCall& call);
  // The same of a run that is this task's alone.
  void run_here(ResolvedCall& call, const RunOptions& options);
  // What runs where some of the session's tasks are other processes; null where none is.
  StagedRunner* staged() const { return staged_.get(); }
  // For that: cuts a run, and writes what a part of it needs of the graph and its task hasn't got.
  Stages cut(const RunRequest& request) { return planner_.cut(request); }
  void send_part(const StagePart& part, SentGraph& sent, Message& message) {
    planner_.send_part(part, sent, message);
  }
  // The executable for a call, whose key is made from it: the one that is kept, else a new one.
  std::shared_ptr<Executable> executable_for(ResolvedCall& call, bool keep_on_device = false);
  // Runs it. False when variables have other shapes by now: it is no longer kept, and another one
  // must be made.
  bool run(Executable& executable, const RunCall& call);
  std::vector<PlacedOperation> placed_operations();

 private:
  // Throws ValueError (bad_feed, bad_feed_shape).
  void check_feeds(const ResolvedCall& call) const;
  PlanRequest plan_request(const ResolvedCall& call, bool keep_on_device) const;
  // What holds memory, for errors.
  std::string largest_holders() const;

  const std::shared_ptr<GraphState> graph_;
  const SessionOptions options_;
  const std::shared_ptr<Transport> transport_;
  const std::shared_ptr<SessionDevices> devices_;
  SessionVariables variables_;
  Planner planner_;
  WorkingMemory memory_;
  ExecutableCache executables_;
  Runner runner_;
  CallPool calls_;
  const std::unique_ptr<StagedRunner> staged_;
};

// What a run of the plan copies between devices.
std::vector<DeviceCopy> copies_of(const Plan& plan);

}  // namespace tenon::internal

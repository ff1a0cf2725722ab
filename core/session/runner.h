// Runs executables.
#pragma once

#include <memory>
#include <shared_mutex>
#include <vector>

#include "core/graph/host_call.h"
#include "core/session/body_runner.h"
#include "core/session/executable_cache.h"
#include "core/session/planner.h"
#include "core/session/run_call.h"
#include "core/session/session_devices.h"
#include "core/session/working_memory.h"
#include "core/transport/transport.h"

namespace tenon::internal {

// The parts of a session that a run needs.
struct RunnerParts {
  const Transport& transport;
  const SessionDevices& devices;
  Planner& planner;
  ExecutableCache& executables;
  WorkingMemory& memory;
};

// Locks the variables of a run, checks them, and executes it in a context and a workspace that it
// gives back; plans what comes after a cut, and bodies inside of a run. Thread-safe.
class Runner : private BodyRunner {
 public:
  explicit Runner(const RunnerParts& parts) : parts_(parts) {}

  // False when variables have other shapes by now than the executable was made for.
  bool run(Executable& executable, const RunCall& call);

 private:
  bool is_ready(const Executable& executable) const;
  void check_variables(const Executable& executable) const;
  void execute(Executable& executable, const RunCall& call);

  // Of a body: the variables are locked.
  void run_body(const BodyCall& body, const RunCall& call) override;
  KeptThings& kept() override { return kept_; }
  std::shared_ptr<Executable> executable_of(const BodyCall& body, const RunCall& call);

  // After a cut: the first part is run, then the rest, planned for the values found.
  void run_parts(Executable& first, const RunCall& call);
  std::shared_ptr<Executable> rest_of(const Executable& first, const RunCall& call,
                                      const std::vector<Tensor>& found);

  const RunnerParts parts_;
  // A run whose plan is cut is several runs that must be seen as one: it holds this exclusively.
  std::shared_mutex cut_mutex_;
  KeptThings kept_;
};

}  // namespace tenon::internal

// MonitoredTrainingSession: the training loop, that begins where it was stopped.
//
//   train::get_or_create_global_step();
//   Operation train_op = optimizer.minimize(loss, {.global_step = train::get_global_step()});
//   train::MonitoredTrainingSession session({
//       .checkpoint_dir = "run", .hooks = {train::StopAtStepHook({.last_step = 10000})}});
//   while (!session.should_stop()) session.run(train_op, {{x, next_batch()}});
//   session.close();
//
// Creating one, in this order: calls begin() of all hooks; completes the scaffold and finalizes the
// default graph; makes a session; restores the latest checkpoint of the folder, or, where there is
// none, runs init_op and init_fn; runs local_init_op; checks that nothing is uninitialised; calls
// after_create_session() of all hooks. A run calls before_run() of all hooks, computes what they
// and the caller ask for, and calls after_run(). close() calls end(), joins the coordinator's
// threads, closes the session and lets the graph be changed again.
//
// An exception that leaves a run, a hook's included, leaves the session usable: the program may run
// on. One that goes on through the block where the session lives ends it without end(), so the
// last checkpoint is the last one that was saved.
//
// Signals are the program's: to stop in good order, its handler sets a flag that the loop reads.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/basic_session_run_hooks.h"
#include "tenon/coordinator.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/scaffold.h"
#include "tenon/session.h"
#include "tenon/session_run_hook.h"
#include "tenon/tensor.h"

namespace tenon {

namespace internal {
class MonitoredSessionState;
}  // namespace internal

namespace train {

class MonitoredSession;

// What StepContext::request_stop throws.
class TENON_API StopIteration : public RuntimeError {
 public:
  using RuntimeError::RuntimeError;
  ~StopIteration() override;
};

// What a step function is given: the session with and without its hooks.
class TENON_API StepContext {
 public:
  explicit StepContext(MonitoredSession& monitored) : monitored_(&monitored) {}

  Session& session() const;
  Tensor run_with_hooks(const Fetch& fetch, const Feeds& feeds = {}) const;
  std::vector<Tensor> run_with_hooks(std::initializer_list<Fetch> fetches,
                                     const Feeds& feeds = {}) const;
  std::vector<Tensor> run_with_hooks(std::span<const Fetch> fetches, const Feeds& feeds = {}) const;
  // Leaves the step function, and the loop around it: throws StopIteration (limit_reached).
  [[noreturn]] static void request_stop();

 private:
  MonitoredSession* monitored_;
};

struct MonitoredSessionOptions {
  Scaffold scaffold = Scaffold();
  SessionOptions config = {};
  // Where to restore from: the latest checkpoint that the folder's file `checkpoint` names, if
  // there is one, or the checkpoint of that path. Not both: ValueError (bad_argument).
  std::string checkpoint_dir = {};
  std::string checkpoint_filename_with_path = {};
  std::vector<Hook> hooks = {};
  // False: another process or thread initialises the variables, which are a target's, and this one
  // waits for it, looking every so many seconds.
  bool is_chief = true;
  double max_wait_secs = 7200;
  double recovery_wait_secs = 30;
  double stop_grace_period_secs = 120;  // for the coordinator's threads at the end
};

// One that was moved from throws FailedPreconditionError (closed). For one thread at a time; the
// session behind it (raw_session) for many.
class TENON_API MonitoredSession {
 public:
  // Of the default graph. Throws RuntimeError (bad_argument) when variables are still uninitialised
  // after all, FailedPreconditionError (uninitialized) when the chief took too long, what hooks
  // throw, and what restoring throws (tenon/saver.h). The graph can be changed again then.
  explicit MonitoredSession(MonitoredSessionOptions options = {},
                            Location where = Location::current());
  // Closes it if that wasn't done. What fails then is written to standard error: call close() to
  // have it thrown. Where an exception is on its way hooks' end() isn't called.
  ~MonitoredSession();
  MonitoredSession(MonitoredSession&&) noexcept;
  MonitoredSession& operator=(MonitoredSession&&) = delete;

  // As Session's. Throws besides RuntimeError: bad_argument after a stop was asked for, bad_feed
  // where a tensor is fed twice, by hooks or by one and the caller; closed after close().
  Tensor run(const Fetch& fetch, const Feeds& feeds = {});
  std::vector<Tensor> run(std::initializer_list<Fetch> fetches, const Feeds& feeds = {});
  std::vector<Tensor> run(std::span<const Fetch> fetches, const Feeds& feeds = {});
  template <internal::RangeOfFetches Range>
  std::vector<Tensor> run(const Range& fetches, const Feeds& feeds = {}) {
    return run(std::span<const Fetch>(ListOf<Fetch>(fetches).items()), feeds);
  }

  // Calls the function with a StepContext, and answers what it answers.
  template <typename StepFn>
  auto run_step_fn(StepFn&& step_fn) {
    StepContext context(*this);
    return std::forward<StepFn>(step_fn)(context);
  }
  // Calls `step` until should_stop(), then close(). OutOfRangeError and StopIteration end it as
  // well as they end Python's `with` block.
  void loop(const std::function<void()>& step);

  // Whether a hook or the coordinator has asked for a stop, or it is closed.
  bool should_stop() const;
  // Throws RuntimeError (closed) the second time; what a hook's end() throws, after which no other
  // hook's is called; and what the coordinator's threads have thrown. It is closed in any case.
  void close();

  Graph graph() const;
  // The session itself, whose runs call no hooks. Throws RuntimeError (closed) after close().
  Session& raw_session() const;

 private:
  internal::MonitoredSessionState& usable() const;

  std::unique_ptr<internal::MonitoredSessionState> state_;
};

struct MonitoredTrainingSessionOptions {
  bool is_chief = true;  // only it saves and restores
  std::string checkpoint_dir = {};
  Scaffold scaffold = Scaffold();
  std::vector<Hook> hooks = {};
  std::vector<Hook> chief_only_hooks = {};  // called before the others
  // How often a CheckpointSaverHook saves into checkpoint_dir. Left out both: every 600 seconds;
  // 0: never.
  std::optional<double> save_checkpoint_secs = {};
  std::optional<int64_t> save_checkpoint_steps = {};
  // How often a SummarySaverHook writes the scaffold's summaries into summary_dir. Left out both:
  // every 100 steps; 0: never.
  std::optional<int64_t> save_summaries_steps = {};
  std::optional<double> save_summaries_secs = {};
  std::string summary_dir = {};  // left out: checkpoint_dir
  SessionOptions config = {};
  double stop_grace_period_secs = 120;
  // How often the chief's StepCounterHook counts, where there is a summary_dir; 0: never.
  int64_t log_step_count_steps = 100;
  double max_wait_secs = 7200;
  double recovery_wait_secs = 30;
  Log log = {};  // of the hooks made here; left out: they say nothing
};

class TENON_API MonitoredTrainingSession : public MonitoredSession {
 public:
  explicit MonitoredTrainingSession(MonitoredTrainingSessionOptions options = {},
                                    Location where = Location::current());
};

}  // namespace train
}  // namespace tenon

// Hooks: what a monitored session (tenon/monitored_session.h) calls around each of its runs.
//
//   class PrintLoss : public train::SessionRunHook {
//    public:
//     explicit PrintLoss(Output loss) : loss_(loss) {}
//     train::SessionRunArgs before_run(train::SessionRunContext&) override {
//       return {.fetches = {loss_}};  // fetched beside what the caller asks for
//     }
//     void after_run(train::SessionRunContext& context,
//                    const train::SessionRunValues& values) override {
//       std::cout << values.results[0] << '\n';
//       if (values.results[0].scalar<float>() < 0.01f) context.request_stop();
//     }
//
//    private:
//     Output loss_;
//   };
//
// Ready-made ones are in tenon/basic_session_run_hooks.h.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/coordinator.h"
#include "tenon/export.h"
#include "tenon/list_of.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

namespace tenon::train {

// What a run is asked for: by its caller, or by a hook besides.
struct SessionRunArgs {
  ListOf<Fetch> fetches = {};
  Feeds feed_dict = {};
};

// The values of what a hook asked for, in its order; an empty Tensor for an operation.
struct SessionRunValues {
  std::vector<Tensor> results;
};

// One run, as hooks see it.
class TENON_API SessionRunContext {
 public:
  SessionRunContext(SessionRunArgs original_args, Session& session)
      : original_args_(std::move(original_args)), session_(&session) {}

  const SessionRunArgs& original_args() const noexcept { return original_args_; }
  // The session itself: its runs call no hooks.
  Session& session() const noexcept { return *session_; }
  bool stop_requested() const noexcept { return stop_requested_; }
  // After this run should_stop() of the monitored session is true.
  void request_stop() noexcept { stop_requested_ = true; }

 private:
  SessionRunArgs original_args_;
  Session* session_;
  bool stop_requested_ = false;
};

// Each call goes to all hooks in their order; what one throws ends that, and comes out of the call
// of the monitored session.
class TENON_API SessionRunHook {
 public:
  virtual ~SessionRunHook();

  // Once, before the graph is finalized and the session made: the last chance to add operations.
  virtual void begin() {}
  // Once, when the variables have their values. Threads of the hook's are the coordinator's.
  virtual void after_create_session(Session& /*session*/, Coordinator& /*coordinator*/) {}
  // What the run computes besides. Two feeds of one tensor are refused.
  virtual SessionRunArgs before_run(SessionRunContext& /*context*/) { return {}; }
  // Not after a run that failed.
  virtual void after_run(SessionRunContext& /*context*/, const SessionRunValues& /*values*/) {}
  // Once, when the training is over and the session still open; not where it ended in an error.
  virtual void end(Session& /*session*/) {}

 protected:
  SessionRunHook() = default;
  SessionRunHook(const SessionRunHook&) = default;
  SessionRunHook& operator=(const SessionRunHook&) = default;
};

// A hook of a session's list: one that is moved in, or one that the program keeps a share of to
// ask it afterwards.
class TENON_API Hook {
 public:
  template <std::derived_from<SessionRunHook> H>
  Hook(H hook) : hook_(std::make_shared<H>(std::move(hook))) {}
  template <std::derived_from<SessionRunHook> H>
  Hook(std::shared_ptr<H> hook) : hook_(std::move(hook)) {}

  // Throws ValueError (bad_argument) for a null one.
  SessionRunHook& get() const;

 private:
  std::shared_ptr<SessionRunHook> hook_;
};

}  // namespace tenon::train

// The hooks that most trainings use: when to stop, what to save, what to say.
//
//   train::MonitoredTrainingSession session({
//       .checkpoint_dir = "run",
//       .hooks = {train::StopAtStepHook({.last_step = 10000}),
//                 train::NanTensorHook(loss),
//                 train::LoggingTensorHook({{"loss", loss}}, {.every_n_iter = 100})}});
//
// Those that count steps read the graph's global step (tenon/global_step.h); without one their
// begin() throws RuntimeError (bad_argument). A hook is of one session at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/file_writer.h"
#include "tenon/list_of.h"
#include "tenon/saver.h"
#include "tenon/scaffold.h"
#include "tenon/session.h"
#include "tenon/session_run_hook.h"
#include "tenon/tensor.h"
#include "tenon/variable.h"

namespace tenon::train {

// Takes one line of a log, without its end. Where a hook is given none, it writes to standard
// error.
using Log = std::function<void(const std::string& line)>;

// Says when something that is done every so many steps or seconds is due.
class TENON_API SecondOrStepTimer {
 public:
  // One of the two. Throws ValueError (bad_argument) for none or both.
  SecondOrStepTimer(std::optional<double> every_secs, std::optional<int64_t> every_steps);

  void reset();
  // True the first time, and then where the time or the steps have gone by since the last one.
  bool should_trigger_for_step(int64_t step) const;
  // Notes that it was done. Returns what has gone by since it was done last, if ever.
  struct Elapsed {
    double secs = 0;
    int64_t steps = 0;
  };
  std::optional<Elapsed> update_last_triggered_step(int64_t step);
  std::optional<int64_t> last_triggered_step() const { return last_step_; }

 private:
  std::optional<double> every_secs_;
  std::optional<int64_t> every_steps_;
  std::optional<int64_t> last_step_;
  std::chrono::steady_clock::time_point last_time_;
};

struct StopAtStepOptions {                // one of the two, else ValueError (bad_argument)
  std::optional<int64_t> num_steps = {};  // so many steps after those of the restored checkpoint
  std::optional<int64_t> last_step = {};  // the last step that is done
};

// Stops when the global step is there. One run is made in any case: a training that was already
// there goes one step beyond.
class TENON_API StopAtStepHook : public SessionRunHook {
 public:
  explicit StopAtStepHook(StopAtStepOptions options);

  void begin() override;
  void after_create_session(Session& session, Coordinator& coordinator) override;
  SessionRunArgs before_run(SessionRunContext& context) override;
  void after_run(SessionRunContext& context, const SessionRunValues& values) override;

 private:
  StopAtStepOptions options_;
  Variable global_step_;
};

// Tensors with the tags under which they are logged: a list, whose tags are the tensors' names, or
// a map.
class TENON_API LoggedTensors {
 public:
  LoggedTensors(const ListOf<Fetch>& tensors);
  LoggedTensors(std::initializer_list<Fetch> tensors) : LoggedTensors(ListOf<Fetch>(tensors)) {}
  template <typename Range>
  requires internal::RangeOf<Range, Fetch> LoggedTensors(const Range& tensors)
      : LoggedTensors(ListOf<Fetch>(tensors)) {}
  LoggedTensors(const std::map<std::string, Fetch>& by_tag);
  LoggedTensors(std::initializer_list<std::pair<const std::string, Fetch>> by_tag)
      : LoggedTensors(std::map<std::string, Fetch>(by_tag)) {}

  const std::vector<std::pair<std::string, Fetch>>& items() const noexcept { return items_; }

 private:
  std::vector<std::pair<std::string, Fetch>> items_;
};

struct LoggingTensorOptions {
  // One of these two, or none of them and at_end; else ValueError (bad_argument).
  std::optional<int64_t> every_n_iter = {};  // runs, the first one included
  std::optional<double> every_n_secs = {};
  bool at_end = false;  // once more at the end, by a run of its own
  // The line. Left out: "a = 1, b = 2 (0.123 sec)", with the time since the line before.
  std::function<std::string(const std::map<std::string, Tensor>&)> formatter = {};
  Log log = {};
};

// Logs values that the runs compute besides. A variable has the value from before the run.
class TENON_API LoggingTensorHook : public SessionRunHook {
 public:
  LoggingTensorHook(LoggedTensors tensors, LoggingTensorOptions options);

  // Finds names in the default graph: "loss:0", or "loss" where the operation has one output, else
  // ValueError (no_such_tensor); KeyError (no_such_tensor) for a name that isn't there.
  void begin() override;
  SessionRunArgs before_run(SessionRunContext& context) override;
  void after_run(SessionRunContext& context, const SessionRunValues& values) override;
  void end(Session& session) override;

 private:
  void log(const std::vector<Tensor>& values);

  LoggedTensors tensors_;
  LoggingTensorOptions options_;
  std::optional<SecondOrStepTimer> timer_;  // none: at the end alone
  std::vector<Fetch> fetches_;
  int64_t runs_ = 0;
  bool due_ = false;
};

// What is told of each checkpoint that a hook saves.
class TENON_API CheckpointSaverListener {
 public:
  virtual ~CheckpointSaverListener();
  virtual void begin() {}
  virtual void before_save(Session& /*session*/, int64_t /*global_step*/) {}
  // True asks the training to stop.
  virtual bool after_save(Session& /*session*/, int64_t /*global_step*/) { return false; }
  virtual void end(Session& /*session*/, int64_t /*global_step*/) {}

 protected:
  CheckpointSaverListener() = default;
  CheckpointSaverListener(const CheckpointSaverListener&) = default;
  CheckpointSaverListener& operator=(const CheckpointSaverListener&) = default;
};

struct CheckpointSaverOptions {
  std::optional<double> save_secs = {};  // one of the two, else ValueError (bad_argument)
  std::optional<int64_t> save_steps = {};
  // One of these two at most. Left out: the one saver of the collection SAVERS.
  std::optional<Saver> saver = {};
  std::optional<Scaffold> scaffold = {};
  std::string checkpoint_basename = "model.ckpt";
  std::vector<std::shared_ptr<CheckpointSaverListener>> listeners = {};
  std::optional<summary::FileWriter> summary_writer = {};  // gets graph and checkpoints
};

// Saves the session into a folder, which is made if it is missing: when it was created, every so
// many steps or seconds, and at the end unless that step is saved already.
class TENON_API CheckpointSaverHook : public SessionRunHook {
 public:
  CheckpointSaverHook(std::string checkpoint_dir, CheckpointSaverOptions options,
                      Location where = Location::current());

  void begin() override;
  void after_create_session(Session& session, Coordinator& coordinator) override;
  void after_run(SessionRunContext& context, const SessionRunValues& values) override;
  void end(Session& session) override;

 private:
  bool save(Session& session, int64_t step);
  Saver saver() const;

  std::string checkpoint_dir_;
  CheckpointSaverOptions options_;
  Location where_;  // that errors name
  SecondOrStepTimer timer_;
  Variable global_step_;
};

struct StepCounterOptions {
  // Left out: every 100 steps. Throws ValueError (bad_argument) for both.
  std::optional<int64_t> every_n_steps = {};
  std::optional<double> every_n_secs = {};
  std::optional<summary::FileWriter> summary_writer = {};  // gets the numbers besides
  Log log = {};
};

// Logs "global_step/sec: 123.4", and up to five times that the global step doesn't move.
class TENON_API StepCounterHook : public SessionRunHook {
 public:
  explicit StepCounterHook(StepCounterOptions options = {});

  void begin() override;
  SessionRunArgs before_run(SessionRunContext& context) override;
  void after_run(SessionRunContext& context, const SessionRunValues& values) override;

 private:
  void warn_if_still(int64_t step);

  StepCounterOptions options_;
  SecondOrStepTimer timer_;
  Variable global_step_;
  std::optional<int64_t> step_before_;
  int warnings_ = 0;
};

struct SummarySaverOptions {
  std::optional<int64_t> save_steps = {};  // one of the two, else ValueError (bad_argument)
  std::optional<double> save_secs = {};
  // One of the two, else ValueError (bad_argument): summary operations, or whose summary_op.
  ListOf<Output> summary_op = {};
  std::optional<Scaffold> scaffold = {};
};

// Computes summaries with a run, the first one included, and gives them to a writer.
class TENON_API SummarySaverHook : public SessionRunHook {
 public:
  SummarySaverHook(summary::FileWriter writer, SummarySaverOptions options);

  void begin() override;
  SessionRunArgs before_run(SessionRunContext& context) override;
  void after_run(SessionRunContext& context, const SessionRunValues& values) override;
  void end(Session& session) override;

 private:
  summary::FileWriter writer_;
  SummarySaverOptions options_;
  SecondOrStepTimer timer_;
  Variable global_step_;
  std::optional<int64_t> next_step_;
  bool due_ = false;
};

// "NaN loss during training."
class TENON_API NanLossDuringTrainingError : public RuntimeError {
 public:
  using RuntimeError::RuntimeError;
  ~NanLossDuringTrainingError() override;
};

struct NanTensorOptions {
  bool fail_on_nan_loss = true;  // false: says so, and stops the training
  Log log = {};
};

// Throws NanLossDuringTrainingError (bad_argument) out of the run whose loss is not a number.
class TENON_API NanTensorHook : public SessionRunHook {
 public:
  explicit NanTensorHook(Fetch loss, NanTensorOptions options = {});

  SessionRunArgs before_run(SessionRunContext& context) override;
  void after_run(SessionRunContext& context, const SessionRunValues& values) override;

 private:
  Fetch loss_;
  NanTensorOptions options_;
};

// Runs something at the end, and keeps the values.
class TENON_API FinalOpsHook : public SessionRunHook {
 public:
  explicit FinalOpsHook(ListOf<Fetch> final_ops, Feeds final_ops_feed_dict = {});

  void end(Session& session) override;
  // Empty before the end.
  const std::vector<Tensor>& final_ops_values() const noexcept { return values_; }

 private:
  ListOf<Fetch> final_ops_;
  Feeds feeds_;
  std::vector<Tensor> values_;
};

}  // namespace tenon::train

// The public face of monitored sessions.
#include "tenon/monitored_session.h"

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/loop/monitored_session_state.h"
#include "tenon/file_writer.h"

namespace tenon::train {

using tenon::internal::MonitoredSessionState;
using tenon::internal::require;

StopIteration::~StopIteration() = default;

Session& StepContext::session() const { return monitored_->raw_session(); }

Tensor StepContext::run_with_hooks(const Fetch& fetch, const Feeds& feeds) const {
  return monitored_->run(fetch, feeds);
}

std::vector<Tensor> StepContext::run_with_hooks(std::initializer_list<Fetch> fetches,
                                                const Feeds& feeds) const {
  return monitored_->run(fetches, feeds);
}

std::vector<Tensor> StepContext::run_with_hooks(std::span<const Fetch> fetches,
                                                const Feeds& feeds) const {
  return monitored_->run(fetches, feeds);
}

void StepContext::request_stop() {
  throw StopIteration(ErrorKind::limit_reached, "step_fn has requested the iterations to stop.");
}

MonitoredSession::MonitoredSession(MonitoredSessionOptions options, Location where)
    : state_(std::make_unique<MonitoredSessionState>(options, where)) {}
MonitoredSession::~MonitoredSession() = default;
MonitoredSession::MonitoredSession(MonitoredSession&&) noexcept = default;

MonitoredSessionState& MonitoredSession::usable() const {
  require<FailedPreconditionError>(state_ != nullptr, ErrorKind::closed,
                                   "Use of a MonitoredSession that was moved from");
  return *state_;
}

Tensor MonitoredSession::run(const Fetch& fetch, const Feeds& feeds) {
  return usable().run({&fetch, 1}, feeds).front();
}

std::vector<Tensor> MonitoredSession::run(std::initializer_list<Fetch> fetches,
                                          const Feeds& feeds) {
  return usable().run({fetches.begin(), fetches.size()}, feeds);
}

std::vector<Tensor> MonitoredSession::run(std::span<const Fetch> fetches, const Feeds& feeds) {
  return usable().run(fetches, feeds);
}

void MonitoredSession::loop(const std::function<void()>& step) {
  try {
    while (!should_stop()) step();
  } catch (const OutOfRangeError&) {  // NOLINT(bugprone-empty-catch): the input is at its end
  } catch (const StopIteration&) {    // NOLINT(bugprone-empty-catch): a step asked for it
  }
  close();
}

bool MonitoredSession::should_stop() const { return usable().should_stop(); }
void MonitoredSession::close() { usable().close(); }
Graph MonitoredSession::graph() const { return usable().graph(); }
Session& MonitoredSession::raw_session() const { return usable().open_session(); }

namespace {

// Completes how often something is done: `usual` of the one where neither is given; 0 is never, as
// the options say. Whether it is done at all.
template <typename One, typename Other>
bool settle(std::optional<One>& one, std::optional<Other>& other, One usual) {
  if (!one && !other) one = usual;
  if (one && *one <= 0) one.reset();
  if (other && *other <= 0) other.reset();
  return one || other;
}

// What writes to the folder of summaries, by one writer.
void add_summary_hooks(const MonitoredTrainingSessionOptions& options,
                       const summary::FileWriter& writer, std::vector<Hook>& hooks) {
  if (options.log_step_count_steps > 0) {
    const Log nothing = [](const std::string&) {};
    hooks.push_back(StepCounterHook({.every_n_steps = options.log_step_count_steps,
                                     .summary_writer = writer,
                                     .log = options.log ? options.log : nothing}));
  }
  SummarySaverOptions saver{.save_steps = options.save_summaries_steps,
                            .save_secs = options.save_summaries_secs,
                            .scaffold = options.scaffold};
  if (settle(saver.save_steps, saver.save_secs, int64_t{100})) {
    hooks.push_back(SummarySaverHook(writer, std::move(saver)));
  }
}

// The hooks that a training has besides the program's own, which come last.
std::vector<Hook> training_hooks(const MonitoredTrainingSessionOptions& options,
                                 const Location& where) {
  if (!options.is_chief) return options.hooks;
  std::vector<Hook> hooks = options.chief_only_hooks;
  const std::string& folder =
      options.summary_dir.empty() ? options.checkpoint_dir : options.summary_dir;
  CheckpointSaverOptions saver{.save_secs = options.save_checkpoint_secs,
                               .save_steps = options.save_checkpoint_steps,
                               .scaffold = options.scaffold};
  if (!folder.empty()) {
    saver.summary_writer = summary::FileWriter(folder, {}, where);
    add_summary_hooks(options, *saver.summary_writer, hooks);
  }
  const bool saves = settle(saver.save_secs, saver.save_steps, 600.0);
  if (saves && !options.checkpoint_dir.empty()) {
    hooks.push_back(CheckpointSaverHook(options.checkpoint_dir, std::move(saver), where));
  }
  hooks.insert(hooks.end(), options.hooks.begin(), options.hooks.end());
  return hooks;
}

MonitoredSessionOptions with_training_hooks(MonitoredTrainingSessionOptions& options,
                                            const Location& where) {
  MonitoredSessionOptions monitored{.scaffold = options.scaffold,
                                    .config = std::move(options.config),
                                    .hooks = training_hooks(options, where),
                                    .is_chief = options.is_chief,
                                    .max_wait_secs = options.max_wait_secs,
                                    .recovery_wait_secs = options.recovery_wait_secs,
                                    .stop_grace_period_secs = options.stop_grace_period_secs};
  if (options.is_chief) monitored.checkpoint_dir = std::move(options.checkpoint_dir);
  return monitored;
}

}  // namespace

MonitoredTrainingSession::MonitoredTrainingSession(MonitoredTrainingSessionOptions options,
                                                   Location where)
    : MonitoredSession(with_training_hooks(options, where), where) {}

}  // namespace tenon::train

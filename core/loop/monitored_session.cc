// The public face of monitored sessions.
#include "tenon/monitored_session.h"

#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/loop/monitored_session_state.h"

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

MonitoredSession::MonitoredSession(MonitoredSessionOptions options)
    : state_(std::make_unique<MonitoredSessionState>(options)) {}
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

// The hooks that a training has besides the program's own, which come last.
std::vector<Hook> training_hooks(const MonitoredTrainingSessionOptions& options) {
  if (!options.is_chief) return options.hooks;
  std::vector<Hook> hooks = options.chief_only_hooks;
  if (!options.checkpoint_dir.empty() && options.log_step_count_steps > 0) {
    hooks.push_back(
        StepCounterHook({.every_n_steps = options.log_step_count_steps,
                         .log = options.log ? options.log : [](const std::string&) {}}));
  }
  CheckpointSaverOptions saver{.save_secs = options.save_checkpoint_secs,
                               .save_steps = options.save_checkpoint_steps,
                               .scaffold = options.scaffold};
  if (!saver.save_secs && !saver.save_steps) saver.save_secs = 600;
  if (saver.save_secs && *saver.save_secs <= 0) saver.save_secs.reset();
  if (saver.save_steps && *saver.save_steps <= 0) saver.save_steps.reset();
  if (!options.checkpoint_dir.empty() && (saver.save_secs || saver.save_steps)) {
    hooks.push_back(CheckpointSaverHook(options.checkpoint_dir, std::move(saver)));
  }
  hooks.insert(hooks.end(), options.hooks.begin(), options.hooks.end());
  return hooks;
}

MonitoredSessionOptions with_training_hooks(MonitoredTrainingSessionOptions& options) {
  MonitoredSessionOptions monitored{.scaffold = options.scaffold,
                                    .config = std::move(options.config),
                                    .hooks = training_hooks(options),
                                    .is_chief = options.is_chief,
                                    .max_wait_secs = options.max_wait_secs,
                                    .recovery_wait_secs = options.recovery_wait_secs,
                                    .stop_grace_period_secs = options.stop_grace_period_secs};
  if (options.is_chief) monitored.checkpoint_dir = std::move(options.checkpoint_dir);
  return monitored;
}

}  // namespace

MonitoredTrainingSession::MonitoredTrainingSession(MonitoredTrainingSessionOptions options)
    : MonitoredSession(with_training_hooks(options)) {}

}  // namespace tenon::train

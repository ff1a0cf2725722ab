// The hooks that watch the global step: when to stop, when to save, how fast it goes.
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/io/file.h"
#include "core/loop/hook_steps.h"
#include "core/session/integer_value.h"
#include "tenon/basic_session_run_hooks.h"
#include "tenon/collections.h"
#include "tenon/global_step.h"

namespace tenon::train {

using tenon::internal::CallerLine;
using tenon::internal::global_step_for;
using tenon::internal::integer_value;
using tenon::internal::log_line;
using tenon::internal::require;
using tenon::internal::str;

SecondOrStepTimer::SecondOrStepTimer(std::optional<double> every_secs,
                                     std::optional<int64_t> every_steps)
    : every_secs_(every_secs), every_steps_(every_steps) {
  require<ValueError>(every_secs || every_steps, ErrorKind::bad_argument,
                      "Either every_secs or every_steps should be provided.");
  require<ValueError>(!every_secs || !every_steps, ErrorKind::bad_argument,
                      "Can not provide both every_secs and every_steps.");
}

void SecondOrStepTimer::reset() { last_step_.reset(); }

bool SecondOrStepTimer::should_trigger_for_step(int64_t step) const {
  if (!last_step_) return true;
  if (*last_step_ == step) return false;
  if (every_steps_) return step >= *last_step_ + *every_steps_;
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - last_time_;
  return since.count() >= *every_secs_;
}

std::optional<SecondOrStepTimer::Elapsed> SecondOrStepTimer::update_last_triggered_step(
    int64_t step) {
  const auto now = std::chrono::steady_clock::now();
  std::optional<Elapsed> elapsed;
  if (last_step_) {
    const std::chrono::duration<double> secs = now - last_time_;
    elapsed = {.secs = secs.count(), .steps = step - *last_step_};
  }
  last_step_ = step;
  last_time_ = now;
  return elapsed;
}

StopAtStepHook::StopAtStepHook(StopAtStepOptions options) : options_(options) {
  require<ValueError>(options.num_steps || options.last_step, ErrorKind::bad_argument,
                      "One of num_steps or last_step must be specified.");
  require<ValueError>(!options.num_steps || !options.last_step, ErrorKind::bad_argument,
                      "Only one of num_steps or last_step can be specified.");
}

void StopAtStepHook::begin() { global_step_ = global_step_for("StopAtStepHook"); }

void StopAtStepHook::after_create_session(Session& session, Coordinator&) {
  if (options_.last_step) return;
  options_.last_step = global_step(session, global_step_) + *options_.num_steps;
}

SessionRunArgs StopAtStepHook::before_run(SessionRunContext&) {
  return {.fetches = {global_step_}};
}

// The fetched step is the one before the run, which mostly adds one: only where that would be the
// last step is the step read once more.
void StopAtStepHook::after_run(SessionRunContext& context, const SessionRunValues& values) {
  if (integer_value(values.results[0]) + 1 < *options_.last_step) return;
  if (global_step(context.session(), global_step_) >= *options_.last_step) context.request_stop();
}

CheckpointSaverListener::~CheckpointSaverListener() = default;

CheckpointSaverHook::CheckpointSaverHook(std::string checkpoint_dir, CheckpointSaverOptions options,
                                         Location where)
    : checkpoint_dir_(std::move(checkpoint_dir)),
      options_(std::move(options)),
      where_(where),
      timer_(options_.save_secs, options_.save_steps) {
  const CallerLine line(where_);
  require<ValueError>(!options_.saver || !options_.scaffold, ErrorKind::bad_argument,
                      "You cannot provide both saver and scaffold.");
}

void CheckpointSaverHook::begin() {
  {
    const CallerLine line(where_);
    global_step_ = global_step_for("CheckpointSaverHook");
    tenon::internal::make_folder(checkpoint_dir_);
  }
  for (const auto& listener : options_.listeners) listener->begin();
}

void CheckpointSaverHook::after_create_session(Session& session, Coordinator&) {
  if (options_.summary_writer) options_.summary_writer->add_graph(session.graph(), 0, where_);
  const int64_t step = global_step(session, global_step_);
  save(session, step);
  timer_.update_last_triggered_step(step);
}

void CheckpointSaverHook::after_run(SessionRunContext& context, const SessionRunValues&) {
  // Whether it is time, whatever the step: only then is the step read.
  if (!timer_.should_trigger_for_step(std::numeric_limits<int64_t>::max())) return;
  const int64_t step = global_step(context.session(), global_step_);
  if (!timer_.should_trigger_for_step(step)) return;
  timer_.update_last_triggered_step(step);
  if (save(context.session(), step)) context.request_stop();
}

void CheckpointSaverHook::end(Session& session) {
  const int64_t step = global_step(session, global_step_);
  if (timer_.last_triggered_step() != step) save(session, step);
  for (const auto& listener : options_.listeners) listener->end(session, step);
}

// Whether a listener asks for a stop.
bool CheckpointSaverHook::save(Session& session, int64_t step) {
  for (const auto& listener : options_.listeners) listener->before_save(session, step);
  const std::string path =
      tenon::internal::joined_path(checkpoint_dir_, options_.checkpoint_basename);
  saver().save(session, path, {.global_step = step}, where_);
  if (options_.summary_writer) {
    options_.summary_writer->add_session_log(
        {.status = summary::SessionLog::Status::CHECKPOINT, .checkpoint_path = path}, step, where_);
  }
  bool stop = false;
  for (const auto& listener : options_.listeners) {
    if (listener->after_save(session, step)) stop = true;
  }
  return stop;
}

Saver CheckpointSaverHook::saver() const {
  if (options_.saver) return *options_.saver;
  if (options_.scaffold && options_.scaffold->saver()) return *options_.scaffold->saver();
  const auto savers = get_collection<Saver>(GraphKeys::SAVERS);
  require<RuntimeError>(!savers.empty(), ErrorKind::bad_argument, "No items in collection ",
                        GraphKeys::SAVERS, ". Please add a saver to the collection or provide a ",
                        "saver or scaffold.");
  require<RuntimeError>(savers.size() == 1, ErrorKind::bad_argument,
                        "More than one item in collection ", GraphKeys::SAVERS, ". Please ",
                        "indicate which one to use by passing it to the constructor.");
  return savers.front();
}

namespace {

std::optional<int64_t> steps_between(const StepCounterOptions& options) {
  require<ValueError>(!options.every_n_steps || !options.every_n_secs, ErrorKind::bad_argument,
                      "exactly one of every_n_steps and every_n_secs should be provided.");
  if (options.every_n_secs) return {};
  return options.every_n_steps.value_or(100);
}

}  // namespace

StepCounterHook::StepCounterHook(StepCounterOptions options)
    : options_(std::move(options)), timer_(options_.every_n_secs, steps_between(options_)) {}

void StepCounterHook::begin() { global_step_ = global_step_for("StepCounterHook"); }

SessionRunArgs StepCounterHook::before_run(SessionRunContext&) {
  return {.fetches = {global_step_}};
}

void StepCounterHook::after_run(SessionRunContext& context, const SessionRunValues& values) {
  const int64_t before = integer_value(values.results[0]);
  if (timer_.should_trigger_for_step(before + 1)) {
    const int64_t step = global_step(context.session(), global_step_);
    if (timer_.should_trigger_for_step(step)) {
      if (const auto elapsed = timer_.update_last_triggered_step(step)) {
        const double rate = static_cast<double>(elapsed->steps) / elapsed->secs;
        const std::string tag = global_step_.op().name() + "/sec";
        log_line(options_.log, str(tag, ": ", rate));
        if (options_.summary_writer) {
          options_.summary_writer->add_scalar(tag, static_cast<float>(rate), step, {});
        }
      }
    }
  }
  warn_if_still(before);
}

void StepCounterHook::warn_if_still(int64_t step) {
  constexpr int most = 5;
  if (step_before_ == step && warnings_ < most) {
    ++warnings_;
    log_line(options_.log,
             str("It seems that the global step has not been increased: it is ", step,
                 ", as before. Optimizer::minimize and apply_gradients increase it where ",
                 "they are given it."));
  }
  step_before_ = step;
}

}  // namespace tenon::train

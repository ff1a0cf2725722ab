// SummarySaverHook: summaries that are computed with the runs.
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/check.h"
#include "core/loop/hook_steps.h"
#include "core/session/integer_value.h"
#include "tenon/basic_session_run_hooks.h"
#include "tenon/global_step.h"

namespace tenon::train {

using tenon::internal::integer_value;
using tenon::internal::require;

SummarySaverHook::SummarySaverHook(summary::FileWriter writer, SummarySaverOptions options)
    : writer_(std::move(writer)),
      options_(std::move(options)),
      timer_(options_.save_secs, options_.save_steps) {
  require<ValueError>(options_.summary_op.empty() == options_.scaffold.has_value(),
                      ErrorKind::bad_argument,
                      "Exactly one of scaffold or summary_op must be provided.");
}

void SummarySaverHook::begin() {
  next_step_.reset();
  global_step_ = tenon::internal::global_step_for("SummarySaverHook");
}

// Beside the summaries always the step, which is the one before the run.
SessionRunArgs SummarySaverHook::before_run(SessionRunContext&) {
  due_ = !next_step_ || timer_.should_trigger_for_step(*next_step_);
  ListOf<Fetch> fetches = {global_step_};
  if (due_) {
    for (const Output& summary : options_.summary_op) fetches.push_back(summary);
    if (options_.scaffold && options_.scaffold->summary_op()) {
      fetches.push_back(options_.scaffold->summary_op());
    }
  }
  return {.fetches = fetches};
}

void SummarySaverHook::after_run(SessionRunContext& context, const SessionRunValues& values) {
  int64_t step = integer_value(values.results[0]) + 1;
  if (due_) step = global_step(context.session(), global_step_);
  if (!next_step_)
    writer_.add_session_log({.status = summary::SessionLog::Status::START}, step, {});
  if (due_) {
    timer_.update_last_triggered_step(step);
    for (size_t i = 1; i < values.results.size(); ++i) {
      writer_.add_summary(values.results[i], step, {});
    }
  }
  next_step_ = step + 1;
}

void SummarySaverHook::end(Session&) { writer_.flush({}); }

}  // namespace tenon::train

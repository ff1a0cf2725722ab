#include "core/loop/prepare_session.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "tenon/checkpoint.h"
#include "tenon/saver.h"

namespace tenon::internal {

namespace {

using train::MonitoredSessionOptions;
using train::Scaffold;

// Why the session isn't ready, as the operation sees it; nothing where it is.
std::optional<std::string> why_not_ready(Session& session, const Output& ready_op) {
  try {
    const Tensor names = session.run(ready_op);
    if (names.dtype() != DType::string || names.element_count() == 0) return {};
    return str("Variables not initialized: ", join(names.data<std::string>()));
  } catch (const FailedPreconditionError& error) {
    if (error.kind() != ErrorKind::uninitialized) throw;
    return error.what();
  }
}

// Runs local_init_op if that may be done; else says why it may not.
std::optional<std::string> init_locals(Session& session, const Scaffold& scaffold) {
  auto why = why_not_ready(session, scaffold.ready_for_local_init_op());
  if (!why) session.run(scaffold.local_init_op(), scaffold.local_init_feed_dict());
  return why;
}

// Whether there was something to restore from.
bool restore(Session& session, const MonitoredSessionOptions& options) {
  require<ValueError>(
      options.checkpoint_dir.empty() || options.checkpoint_filename_with_path.empty(),
      ErrorKind::bad_argument,
      "Can not provide both checkpoint_dir and checkpoint_filename_with_path.");
  train::Saver saver = *options.scaffold.saver();
  if (!options.checkpoint_filename_with_path.empty()) {
    saver.restore(session, options.checkpoint_filename_with_path);
    return true;
  }
  if (options.checkpoint_dir.empty()) return false;
  const train::CheckpointState state = train::get_checkpoint_state(options.checkpoint_dir);
  if (state.model_checkpoint_path.empty()) return false;
  saver.restore(session, state.model_checkpoint_path);
  saver.recover_last_checkpoints(state.all_model_checkpoint_paths);
  return true;
}

std::unique_ptr<Session> chief_session(const MonitoredSessionOptions& options) {
  const Scaffold& scaffold = options.scaffold;
  auto session = std::make_unique<Session>(options.config);
  if (!restore(*session, options)) {
    session->run(scaffold.init_op(), scaffold.init_feed_dict());
    if (scaffold.init_fn()) {
      const ProgramRuns own_lines;
      scaffold.init_fn()(scaffold, *session);
    }
  }
  const char* const init_fn = scaffold.init_fn() ? "given" : "None";
  auto why = init_locals(*session, scaffold);
  require<RuntimeError>(!why, ErrorKind::bad_argument,
                        "Init operations did not make model ready for local_init.  Init op: ",
                        scaffold.init_op().name(), ", init fn: ", init_fn,
                        ", error: ", why.value_or(""));
  why = why_not_ready(*session, scaffold.ready_op());
  require<RuntimeError>(
      !why, ErrorKind::bad_argument,
      "Init operations did not make model ready.  Init op: ", scaffold.init_op().name(),
      ", init fn: ", init_fn, ", local_init_op: ", scaffold.local_init_op().name(),
      ", error: ", why.value_or(""));
  return session;
}

// Each look is by a session of its own, as the one before may be of a server that is gone.
std::unique_ptr<Session> worker_session(const MonitoredSessionOptions& options) {
  using Seconds = std::chrono::duration<double>;
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    auto session = std::make_unique<Session>(options.config);
    auto why = init_locals(*session, options.scaffold);
    if (!why) why = why_not_ready(*session, options.scaffold.ready_op());
    if (!why) return session;
    const Seconds waited = std::chrono::steady_clock::now() - begin;
    require<FailedPreconditionError>(
        waited.count() + options.recovery_wait_secs <= options.max_wait_secs,
        ErrorKind::uninitialized, "Session was not ready after waiting ", options.max_wait_secs,
        " secs. ", *why);
    std::this_thread::sleep_for(Seconds(options.recovery_wait_secs));
  }
}

}  // namespace

std::unique_ptr<Session> prepare_session(const MonitoredSessionOptions& options) {
  return options.is_chief ? chief_session(options) : worker_session(options);
}

}  // namespace tenon::internal

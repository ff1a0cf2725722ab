#include "core/session/runner.h"

#include <mutex>

#include "core/session/executor.h"

namespace tenon::internal {
namespace {

// A context of an executable, in a workspace, for one run.
class EnteredContext {
 public:
  EnteredContext(Executable& executable, WorkingMemory& memory)
      : executable_(executable),
        memory_(memory),
        context_(executable.contexts.lease(*executable.plan)) {
    try {
      context_->enter(*executable.plan, memory.lease(*executable.plan, context_->workspace_before));
    } catch (...) {
      executable.contexts.give_back(std::move(context_));
      throw;
    }
  }
  ~EnteredContext() {
    memory_.give_back(context_->leave());
    executable_.contexts.give_back(std::move(context_));
  }
  EnteredContext(const EnteredContext&) = delete;
  EnteredContext& operator=(const EnteredContext&) = delete;

  RunContext& operator*() const { return *context_; }

 private:
  Executable& executable_;
  WorkingMemory& memory_;
  std::unique_ptr<RunContext> context_;
};

}  // namespace

bool Runner::run(Executable& executable, const RunCall& call) {
  if (executable.plan->rest) {
    const std::unique_lock only_one(cut_mutex_);
    {
      const VariableLocks locks(executable);
      if (!is_ready(executable)) return false;
    }
    run_parts(executable, call);
    return true;
  }
  const std::shared_lock together(cut_mutex_);
  const VariableLocks locks(executable);
  if (!is_ready(executable)) return false;
  execute(executable, call);
  return true;
}

// Whether a plan fits the values of its variables, which are locked; throws where none would.
bool Runner::is_ready(const Executable& executable) const {
  // Closing takes the values of variables away, one by one, after it has said so.
  parts_.transport.check_open();
  if (!executable.fits_variables()) return false;
  check_variables(executable);
  return true;
}

void Runner::check_variables(const Executable& executable) const {
  parts_.transport.check_running(executable.uses_device);
  executable.check_declarations();
  executable.check_initialized();
}

void Runner::execute(Executable& executable, const RunCall& call) const {
  const EnteredContext context(executable, parts_.memory);
  Executor(parts_.devices, executable, *context, call).run();
}

void Runner::run_parts(Executable& first, const RunCall& call) {
  std::vector<Tensor> found(first.plan->rest->frontier.size());
  {
    const VariableLocks locks(first);
    parts_.transport.check_open();
    execute(first, {call.feeds, found, call.options});
  }
  const std::shared_ptr<Executable> rest = rest_of(first, call, found);
  std::vector<Tensor> feeds(call.feeds.begin(), call.feeds.end());
  feeds.insert(feeds.end(), found.begin(), found.end());
  const RunCall next{feeds, call.outputs, call.options};
  {
    const VariableLocks locks(*rest);
    parts_.transport.check_open();
    check_variables(*rest);
    if (!rest->plan->rest) return execute(*rest, next);
  }
  run_parts(*rest, next);
}

std::shared_ptr<Executable> Runner::rest_of(const Executable& first, const RunCall& call,
                                            const std::vector<Tensor>& found) {
  const PlanRest& rest = *first.plan->rest;
  PlanRequest request = first.request;
  request.done = rest.done;
  std::string key = first.key;
  append_number(key, -1);
  for (const Node* done : rest.done) append_number(key, done->id);
  append_number(key, -1);
  for (const int feed : rest.known_feeds) {
    PlanRequest::FedValue& fed = request.feeds[static_cast<size_t>(feed)];
    // A copy: the caller may change it after this run.
    fed.known = parts_.devices.copy_to_host(call.feeds[static_cast<size_t>(feed)], call.options);
    append_value(key, fed.known);
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const Tensor known = rest.decides_shapes[i] ? found[i] : Tensor();
    append_endpoint(key, rest.frontier[i]);
    known ? append_value(key, known) : append_spec(key, found[i]);
    request.feeds.push_back({.endpoint = rest.frontier[i],
                             .dtype = found[i].dtype(),
                             .shape = found[i].shape(),
                             .known = known,
                             .not_for = rest.not_for[i]});
  }
  std::shared_ptr<Executable> executable = parts_.executables.find(key);
  if (executable) {
    const VariableLocks locks(*executable);
    if (executable->plan->rest || executable->fits_variables()) return executable;
  }
  executable = parts_.planner.make_executable(std::move(request), std::move(key));
  parts_.executables.put(executable);
  return executable;
}

}  // namespace tenon::internal

#include "core/session/runner.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

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

// What a branch would have made that wasn't taken, as a feed: nobody may take it but bodies.
PlanRequest::FedValue missing(const Endpoint& endpoint, const TensorSpec& declared) {
  Shape shape = declared.shape;
  if (!shape.has_rank()) shape = Shape();
  for (int i = 0; i < shape.rank(); ++i) shape[i] = std::max<int64_t>(0, shape[i]);
  return {.endpoint = endpoint, .dtype = declared.dtype, .shape = shape, .is_missing = true};
}

// The locks of a part of a run, which a run inside of another one doesn't take: that one has them.
class Locks {
 public:
  Locks(const Executable& executable, const RunCall& call) {
    if (!call.is_inside) locks_.emplace(executable);
  }

 private:
  std::optional<VariableLocks> locks_;
};

}  // namespace

bool Runner::run(Executable& executable, const RunCall& asked) {
  RunCall call = asked;
  KeptThings kept;
  call.kept = &kept;
  if (call.options.timeout_in_ms > 0) {
    call.deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(call.options.timeout_in_ms);
  }
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

void Runner::execute(Executable& executable, const RunCall& call) {
  const EnteredContext context(executable, parts_.memory);
  Executor(parts_.devices, executable, *context, call, *this).run();
}

void Runner::run_body(const BodyCall& body, const RunCall& call) {
  std::shared_ptr<Executable> executable = executable_of(body, call);
  parts_.transport.check_open();
  while (!executable->fits_variables()) {
    parts_.executables.remove(*executable);
    executable = executable_of(body, call);
  }
  check_variables(*executable);
  executable->plan->rest ? run_parts(*executable, call) : execute(*executable, call);
}

std::shared_ptr<Executable> Runner::executable_of(const BodyCall& body, const RunCall& call) {
  std::string key;
  append_number(key, -4 - body.body->owner->id);
  append_number(key, body.body->number);
  for (const Endpoint& fetch : body.fetches) append_endpoint(key, fetch);
  append_number(key, -1);
  for (const Node* target : body.targets) append_number(key, target->id);
  append_number(key, -1);
  for (size_t i = 0; i < body.feeds.size(); ++i) {
    append_endpoint(key, body.feeds[i]);
    call.feeds[i] ? append_spec(key, call.feeds[i]) : append_number(key, -1);
  }
  append_number(key, static_cast<int64_t>(FloatingPointModes::of_this_thread().bits()));
  if (std::shared_ptr<Executable> kept = parts_.executables.find(key)) return kept;
  PlanRequest request{
      .fetches = body.fetches, .targets = body.targets, .keep_on_device = true, .body = body.body};
  for (size_t i = 0; i < body.feeds.size(); ++i) {
    const Tensor& value = call.feeds[i];
    if (!value) {
      request.feeds.push_back(missing(body.feeds[i], body.declared[i]));
      continue;
    }
    const bool is_list = value.dtype() == DType::resource;
    request.feeds.push_back({.endpoint = body.feeds[i],
                             .dtype = value.dtype(),
                             .shape = value.shape(),
                             .memory = is_list ? kHost : parts_.devices.memory_holding(value)});
  }
  std::shared_ptr<Executable> made =
      parts_.planner.make_executable(std::move(request), std::move(key), true);
  parts_.executables.put(made);
  return made;
}

void Runner::run_parts(Executable& first, const RunCall& call) {
  std::vector<Tensor> found(first.plan->rest->frontier.size());
  {
    const Locks locks(first, call);
    parts_.transport.check_open();
    RunCall part = call;
    part.outputs = found;
    execute(first, part);
  }
  const std::shared_ptr<Executable> rest = rest_of(first, call, found);
  std::vector<Tensor> feeds(call.feeds.begin(), call.feeds.end());
  feeds.insert(feeds.end(), found.begin(), found.end());
  RunCall next = call;
  next.feeds = feeds;
  {
    const Locks locks(*rest, call);
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
    const Locks locks(*executable, call);
    if (executable->plan->rest || executable->fits_variables()) return executable;
  }
  executable = parts_.planner.make_executable(std::move(request), std::move(key), call.is_inside);
  parts_.executables.put(executable);
  return executable;
}

}  // namespace tenon::internal

// Running what was asked for: finding or making its plan, locking its variables, executing it.
#include <algorithm>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/session/session_state.h"

namespace tenon::internal {
namespace {

constexpr size_t kMostRests = 64;  // plans kept behind one cut

// The variables of a run, locked: shared by readers, exclusively by writers, in one order for all.
class VariableLocks {
 public:
  explicit VariableLocks(const PreparedRun& prepared) : prepared_(prepared) {
    for (const int index : prepared.locking_order) storage(index).acquire(access(index));
  }
  ~VariableLocks() {
    for (const int index : prepared_.locking_order) storage(index).release(access(index));
  }
  VariableLocks(const VariableLocks&) = delete;
  VariableLocks& operator=(const VariableLocks&) = delete;

 private:
  VariableStorage& storage(int index) const {
    return *prepared_.variables[static_cast<size_t>(index)];
  }
  Access access(int index) const {
    return prepared_.plan->variables[static_cast<size_t>(index)].written ? Access::kWrite
                                                                         : Access::kRead;
  }
  const PreparedRun& prepared_;
};

// Throws one error that lists all the variables that the run needs and that have no value.
void check_initialized(const PreparedRun& prepared) {
  std::vector<std::string> missing;
  for (size_t i = 0; i < prepared.variables.size(); ++i) {
    const PlanVariable& variable = prepared.plan->variables[i];
    if (variable.must_be_initialized && !prepared.variables[i]->initialized()) {
      missing.push_back(variable.node->name);
    }
  }
  if (missing.empty()) return;
  std::sort(missing.begin(), missing.end());
  fail<FailedPreconditionError>(
      ErrorKind::uninitialized, "Attempting to use uninitialized value ", missing[0],
      ". This run needs ", missing.size(), missing.size() == 1 ? " variable" : " variables",
      " that have not been initialised: ", join(missing),
      ". Run tenon::global_variables_initializer() or their initializer() first");
}

// A graph of another session may have given a shared variable another dtype or shape.
void check_agreement(const PreparedRun& prepared) {
  for (size_t i = 0; i < prepared.variables.size(); ++i) {
    const VariableStorage& storage = *prepared.variables[i];
    if (!storage.initialized()) continue;
    const PlanVariable& variable = prepared.plan->variables[i];
    const Node& node = *variable.node;
    const auto dtype = node.attrs.get<DType>("dtype");
    require<InvalidArgumentError>(
        storage.value.dtype() == dtype, ErrorKind::dtype_incompatible, "Output 0 of type ",
        storage.value.dtype(), " does not match declared output type ", dtype, " for node ",
        node.name, ": another graph made this variable of ", storage.device().name(), " as ",
        storage.value.dtype(), ". It is ", described(node));
    const auto& shape = node.attrs.get<Shape>("shape");
    const bool replaced = variable.written && !variable.must_be_initialized;
    if (shape.compatible_with(storage.value.shape())) continue;
    if (replaced && node.output_dtypes[0] == DType::resource) continue;
    fail<InvalidArgumentError>(
        ErrorKind::shape_incompatible,
        replaced ? str("Assign requires shapes of both tensors to match. lhs shape= ",
                       storage.value.shape(), " rhs shape= ", shape, ": variable ")
                 : "Variable ",
        node.name, " of ", storage.device().name(), " has a value of shape ", storage.value.shape(),
        " from another graph; this one declares it ", shape, ". It is ", described(node));
  }
}

bool shapes_hold(const PreparedRun& prepared) {
  for (size_t i = 0; i < prepared.variables.size(); ++i) {
    const VariableStorage& storage = *prepared.variables[i];
    const Shape& planned = prepared.plan->variable_shapes[i];
    if (prepared.plan->variables[i].node->attrs.get<Shape>("shape").fully_defined()) continue;
    if (planned != (storage.initialized() ? storage.value.shape() : Shape::unknown())) return false;
  }
  return true;
}

// What a plan of the call is made for, into the call's key.
void make_key(ResolvedCall& call) {
  std::string& key = call.key;
  key.clear();
  const auto append_endpoint = [&](const Endpoint& endpoint) {
    append_number(key, int64_t{endpoint.node->id} << 16 | endpoint.index);
  };
  for (const Endpoint& fetch : call.request.fetches) append_endpoint(fetch);
  append_number(key, -1);
  for (const Node* target : call.request.targets) append_number(key, target->id);
  append_number(key, -1);
  for (size_t i = 0; i < call.values().size(); ++i) {
    append_endpoint(call.request.feeds[i]);
    append_spec(key, call.values()[i]);
  }
}

}  // namespace

std::shared_ptr<PreparedRun> SessionState::compile_run(const RunRequest& request,
                                                       std::span<const Tensor> feeds,
                                                       bool keep_on_device) {
  PlanRequest plan_request{.fetches = request.fetches,
                           .targets = request.targets,
                           .feeds = {},
                           .done = {},
                           .keep_on_device = keep_on_device};
  for (size_t i = 0; i < feeds.size(); ++i) {
    plan_request.feeds.push_back({.endpoint = request.feeds[i],
                                  .dtype = feeds[i].dtype(),
                                  .shape = feeds[i].shape(),
                                  .memory = memory_holding(feeds[i])});
  }
  return prepare_plan(plan_request);
}

std::shared_ptr<PreparedRun> SessionState::prepare(ResolvedCall& call) {
  check_feeds(call.request, call.values());
  {
    // The whole graph must have a place, also what this run doesn't need.
    std::lock_guard lock(graph_->mutex);
    place_graph();
  }
  make_key(call);
  {
    std::lock_guard lock(mutex_);
    if (std::shared_ptr<PreparedRun> kept = cache_.find(call.key)) return kept;
  }
  std::shared_ptr<PreparedRun> prepared = compile_run(call.request, call.values());
  std::lock_guard lock(mutex_);
  cache_.put(call.key, prepared);
  return prepared;
}

std::unique_ptr<ResolvedCall> SessionState::lease_call() {
  std::lock_guard lock(mutex_);
  if (idle_calls_.empty()) return std::make_unique<ResolvedCall>();
  std::unique_ptr<ResolvedCall> call = std::move(idle_calls_.back());
  idle_calls_.pop_back();
  return call;
}

void SessionState::give_back(std::unique_ptr<ResolvedCall> call) {
  call->clear();
  std::lock_guard lock(mutex_);
  idle_calls_.push_back(std::move(call));
}

void SessionState::check_feeds(const RunRequest& request, std::span<const Tensor> feeds) const {
  std::lock_guard lock(graph_->mutex);  // static shapes may be narrowed meanwhile
  for (size_t i = 0; i < feeds.size(); ++i) {
    const Endpoint& to = request.feeds[i];
    const auto index = static_cast<size_t>(to.index);
    const Tensor& value = feeds[i];
    require<ValueError>(static_cast<bool>(value), ErrorKind::bad_feed,
                        "The value of a feed cannot be empty: Tensor '", to.node->name, ":",
                        to.index, "'");
    const Shape& shape = to.node->output_shapes[index];
    require<ValueError>(shape.compatible_with(value.shape()), ErrorKind::bad_feed_shape,
                        "Cannot feed value of shape ", value.shape(), " for Tensor '",
                        to.node->name, ":", to.index, "', which has shape '", shape, "'");
    require<ValueError>(value.dtype() == to.node->output_dtypes[index], ErrorKind::bad_feed,
                        "Cannot feed a value of dtype ", value.dtype(), " for Tensor '",
                        to.node->name, ":", to.index, "', which has dtype ",
                        to.node->output_dtypes[index]);
  }
}

void SessionState::run(ResolvedCall& call) {
  const RunOptions options;
  const RunCall values{call.values(), call.results, options};
  while (!run_prepared(call.request, *prepare(call), values)) {
    std::lock_guard lock(mutex_);
    cache_.remove(call.key);
  }
}

bool SessionState::run_prepared(const RunRequest& request, PreparedRun& prepared,
                                const RunCall& call) {
  try {
    return run_alone_or_together(request, prepared, call);
  } catch (ResourceExhaustedError& error) {
    error.add_context(largest_holders());
    throw;
  }
}

bool SessionState::run_alone_or_together(const RunRequest& request, PreparedRun& prepared,
                                         const RunCall& call) {
  if (prepared.plan->rest) {
    const std::unique_lock alone(cut_mutex_);
    {
      const VariableLocks locks(prepared);
      if (!ready(prepared)) return false;
    }
    run_rest(request, prepared, call);
    return true;
  }
  const std::shared_lock together(cut_mutex_);
  const VariableLocks locks(prepared);
  if (!ready(prepared)) return false;
  execute(*this, prepared, lease(*prepared.plan), call);
  return true;
}

// Whether a plan fits the values of its variables, which are locked; throws where none would.
bool SessionState::ready(const PreparedRun& prepared) const {
  if (!shapes_hold(prepared)) return false;
  check_values(prepared);
  return true;
}

void SessionState::check_values(const PreparedRun& prepared) const {
  if (transport_) {
    transport_->check(prepared.uses_device);
    check_agreement(prepared);
  }
  check_initialized(prepared);
}

// Memory for one run. Where there is no more, that of plans which aren't running is given up.
std::unique_ptr<Arena> SessionState::lease(const Plan& plan) {
  try {
    return plan.lease();
  } catch (const ResourceExhaustedError&) {
    for (const std::shared_ptr<Plan>& other : living_plans()) other->drop_idle_arenas();
    return plan.lease();
  }
}

// Runs the part before the cut, then the rest, planned for the values found.
void SessionState::run_rest(const RunRequest& request, PreparedRun& prepared, const RunCall& call) {
  const PlanRest& rest = *prepared.plan->rest;
  const std::span<const Tensor> feeds = call.feeds;
  std::vector<Tensor> found(rest.frontier.size());
  {
    const VariableLocks locks(prepared);
    execute(*this, prepared, lease(*prepared.plan), {feeds, found, call.options});
  }
  PlanRequest next = prepared.request;
  next.done = rest.done;
  std::string key;
  for (const int feed : rest.known_feeds) {
    const auto index = static_cast<size_t>(feed);
    // A copy: the caller may change it after this run.
    next.feeds[index].known = on_host(feeds[index], call.options);
    append_value(key, next.feeds[index].known);
  }
  for (size_t i = 0; i < found.size(); ++i) {
    const Tensor known = rest.decides_shapes[i] ? found[i] : Tensor();
    next.feeds.push_back({.endpoint = rest.frontier[i],
                          .dtype = found[i].dtype(),
                          .shape = found[i].shape(),
                          .known = known});
    if (known) {
      append_value(key, known);
    } else {
      append_spec(key, found[i]);
    }
  }
  std::shared_ptr<PreparedRun> then;
  {
    std::lock_guard lock(prepared.rest_mutex);
    std::shared_ptr<PreparedRun>& slot = prepared.rests[key];
    if (slot && (slot->plan->rest || shapes_hold(*slot))) then = slot;
  }
  if (!then) {
    then = prepare_plan(next);
    std::lock_guard lock(prepared.rest_mutex);
    if (prepared.rests.size() > kMostRests) prepared.rests.clear();
    prepared.rests[key] = then;
  }
  std::vector<Tensor> all(feeds.begin(), feeds.end());
  all.insert(all.end(), found.begin(), found.end());
  RunRequest rest_request = request;
  rest_request.feeds.insert(rest_request.feeds.end(), rest.frontier.begin(), rest.frontier.end());
  {
    const VariableLocks locks(*then);
    check_values(*then);
    if (!then->plan->rest) {
      return execute(*this, *then, lease(*then->plan), {all, call.outputs, call.options});
    }
  }
  run_rest(rest_request, *then, {all, call.outputs, call.options});
}

}  // namespace tenon::internal

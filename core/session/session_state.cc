#include "core/session/session_state.h"

#include "core/base/check.h"
#include "core/base/floating_point_modes.h"
#include "core/plan/plan_graph.h"
#include "core/session/devices.h"
#include "core/transport/in_process.h"
#include "core/transport/single_task.h"

namespace tenon::internal {
namespace {

std::shared_ptr<Transport> transport_for(const SessionOptions& options) {
  if (options.target.empty()) {
    return single_task(open_devices(options, "/job:localhost/replica:0/task:0"));
  }
  return connect(options.target, std::chrono::milliseconds(options.operation_timeout_in_ms));
}

// What an executable for the call is made for, into the call's key.
void make_key(ResolvedCall& call, bool keep_on_device) {
  std::string& key = call.key;
  key.clear();
  for (const Endpoint& fetch : call.request.fetches) append_endpoint(key, fetch);
  append_number(key, -1);
  for (const Node* target : call.request.targets) append_number(key, target->id);
  append_number(key, keep_on_device ? -2 : -1);
  for (size_t i = 0; i < call.values().size(); ++i) {
    append_endpoint(key, call.request.feeds[i]);
    append_spec(key, call.values()[i]);
  }
  for (const Node* done : call.request.done) append_number(key, -3 - done->id);
  // A plan holds results that were worked out in the modes in which it was made.
  append_number(key, static_cast<int64_t>(FloatingPointModes::of_this_thread().bits()));
}

// What may be fed: a handle stands for its variable.
std::pair<DType, const Shape&> declared(const Endpoint& endpoint) {
  const Node& node = *endpoint.node;
  const auto index = static_cast<size_t>(endpoint.index);
  if (node.def->is_variable) {
    return {node.attrs.get<DType>("dtype"), node.attrs.get<Shape>("shape")};
  }
  return {node.output_dtypes[index], node.output_shapes[index]};
}

}  // namespace

SessionState::SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options)
    : SessionState(std::move(graph), options, transport_for(options)) {}

SessionState::SessionState(std::shared_ptr<GraphState> graph, const SessionOptions& options,
                           std::shared_ptr<Transport> transport)
    : graph_(std::move(graph)),
      options_(options),
      transport_(std::move(transport)),
      devices_(std::make_shared<SessionDevices>(transport_)),
      variables_(*transport_),
      planner_(graph_, *devices_, variables_, options_),
      memory_(devices_->all()),
      executables_(options.plan_cache_size),
      runner_({.transport = *transport_,
               .devices = *devices_,
               .planner = planner_,
               .executables = executables_,
               .memory = memory_}),
      staged_(transport_->remote_tasks() > 0 ? std::make_unique<StagedRunner>(*this, *transport_)
                                             : nullptr) {}

SessionState::~SessionState() = default;

void SessionState::close() {
  transport_->close();
  executables_.clear();
  memory_.close();
}

void SessionState::run(ResolvedCall& call) {
  const RunOptions options;
  if (!staged_) return run_here(call, options);
  check_feeds(call);
  staged_->run(call.request, {call.values(), call.results, options});
}

void SessionState::run_here(ResolvedCall& call, const RunOptions& options) {
  const RunCall values{call.values(), call.results, options};
  while (!run(*executable_for(call), values)) {
  }
}

std::shared_ptr<Executable> SessionState::executable_for(ResolvedCall& call, bool keep_on_device) {
  try {
    check_feeds(call);
    planner_.place_graph();
    make_key(call, keep_on_device);
    if (std::shared_ptr<Executable> kept = executables_.find(call.key)) return kept;
    std::shared_ptr<Executable> made =
        planner_.make_executable(plan_request(call, keep_on_device), call.key);
    for (const Tensor& value : call.values()) made->feed_devices.push_back(&value.device());
    executables_.put(made);
    return made;
  } catch (const Error&) {
    check_open();  // closing has taken values away that plans are made for
    throw;
  }
}

bool SessionState::run(Executable& executable, const RunCall& call) {
  try {
    if (runner_.run(executable, call)) return true;
  } catch (ResourceExhaustedError& error) {
    error.add_context(largest_holders());
    throw;
  } catch (const Error&) {
    check_open();
    throw;
  }
  executables_.remove(executable);
  return false;
}

std::vector<PlacedOperation> SessionState::placed_operations() {
  check_open();
  return planner_.placed_operations();
}

PlanRequest SessionState::plan_request(const ResolvedCall& call, bool keep_on_device) const {
  PlanRequest request{.fetches = call.request.fetches,
                      .targets = call.request.targets,
                      .feeds = {},
                      .done = call.request.done,
                      .keep_on_device = keep_on_device};
  for (size_t i = 0; i < call.values().size(); ++i) {
    const Tensor& value = call.values()[i];
    request.feeds.push_back({.endpoint = call.request.feeds[i],
                             .dtype = value.dtype(),
                             .shape = value.shape(),
                             .memory = devices_->memory_holding(value)});
  }
  return request;
}

void SessionState::check_feeds(const ResolvedCall& call) const {
  std::lock_guard lock(graph_->mutex);  // static shapes may be narrowed meanwhile
  for (size_t i = 0; i < call.values().size(); ++i) {
    const Endpoint& to = call.request.feeds[i];
    const Tensor& value = call.values()[i];
    const auto [dtype, shape] = declared(to);
    const auto require_fit = [&to](bool fits, ErrorKind kind, const auto&... said) {
      if (!fits) fail<ValueError>(kind, said..., ". It is ", described(*to.node));
    };
    require_fit(static_cast<bool>(value), ErrorKind::bad_feed,
                "The value of a feed cannot be empty: Tensor '", to.node->name, ":", to.index, "'");
    require_fit(value.dtype() == dtype, ErrorKind::bad_feed, "Cannot feed a value of dtype ",
                value.dtype(), " for Tensor '", to.node->name, ":", to.index, "', which has dtype ",
                dtype);
    require_fit(shape.compatible_with(value.shape()), ErrorKind::bad_feed_shape,
                "Cannot feed value of shape ", value.shape(), " for Tensor '", to.node->name, ":",
                to.index, "', which has shape '", shape, "'");
  }
}

}  // namespace tenon::internal

// Session and Callable: the public face of running.
#include "tenon/session.h"

#include <algorithm>
#include <atomic>
#include <shared_mutex>

#include "core/base/strings.h"
#include "core/session/session_state.h"

namespace tenon {

using internal::GraphState;
using internal::PreparedRun;
using internal::require;
using internal::ResolvedCall;
using internal::RunRequest;
using internal::SessionState;

namespace {

// A variable stands for its memory; what is a variable in name only, for its value.
Output output_of(const Variable& variable) {
  const bool whole = !variable.is_tensor() && !variable.is_partitioned();
  return whole ? variable.op().output(0) : static_cast<Output>(variable);
}

// A call while it is made.
class Call {
 public:
  Call(SessionState& state, std::span<const Fetch> fetches, const Feeds& feeds)
      : state_(state), call_(state.lease_call()) {
    try {
      state.check_open();
      internal::resolve(*state.graph(), fetches, feeds, *call_);
    } catch (...) {
      state_.give_back(std::move(call_));
      throw;
    }
  }
  ~Call() { state_.give_back(std::move(call_)); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  ResolvedCall& operator*() const { return *call_; }

  // The result of a fetch; empty for an operation.
  Tensor take(size_t fetch) const {
    const int from = call_->result_of[fetch];
    return from < 0 ? Tensor() : std::move(call_->results[static_cast<size_t>(from)]);
  }

 private:
  SessionState& state_;
  std::unique_ptr<ResolvedCall> call_;
};

}  // namespace

Fetch::Fetch(const Variable& variable) : output_(output_of(variable)) {}
FeedKey::FeedKey(const Variable& variable) : output_(output_of(variable)) {}

// What a callable shares with its copies: the request and the plans it holds.
class internal::CallableState {
 public:
  CallableState(std::shared_ptr<SessionState> session, RunRequest request)
      : session_(std::move(session)), request_(std::move(request)) {}

  size_t fetch_count() const { return request_.fetches.size(); }

  void run(std::span<const Tensor> feeds, std::span<Tensor> outputs) {
    while (true) {
      const std::shared_ptr<PreparedRun> prepared = find(feeds);
      if (session_->run_prepared(request_, *prepared, feeds, outputs)) return;
      std::unique_lock lock(mutex_);
      std::erase_if(planned_, [&](const auto& one) { return one->run == prepared; });
    }
  }

  // Outputs that the caller gives must be what the plan makes.
  void check_outputs(std::span<const Tensor> feeds, std::span<const Tensor> outputs) {
    require<InvalidArgumentError>(outputs.size() == fetch_count(), ErrorKind::bad_argument,
                                  "This callable has ", fetch_count(), " results; room for ",
                                  outputs.size(), " was given");
    const std::shared_ptr<PreparedRun> prepared = find(feeds);
    if (prepared->plan->rest) return;  // its shapes are found by the run
    for (size_t i = 0; i < outputs.size(); ++i) {
      const PlanOutput& made = prepared->plan->outputs[i];
      if (!outputs[i]) continue;
      require<InvalidArgumentError>(outputs[i].dtype() == made.dtype, ErrorKind::dtype_incompatible,
                                    "Result ", i, " has dtype ", made.dtype,
                                    "; the tensor given for it has ", outputs[i].dtype());
      require<InvalidArgumentError>(outputs[i].shape() == made.shape, ErrorKind::shape_incompatible,
                                    "Result ", i, " has shape ", made.shape,
                                    "; the tensor given for it has ", outputs[i].shape());
    }
  }

 private:
  // The plan for the dtypes and shapes of some feeds.
  struct Planned {
    Planned(std::span<const Tensor> values, std::shared_ptr<PreparedRun> prepared)
        : run(std::move(prepared)) {
      for (const Tensor& value : values) feeds.push_back({value.dtype(), value.shape()});
    }
    bool matches(std::span<const Tensor> values) const {
      for (size_t i = 0; i < values.size(); ++i) {
        if (feeds[i].dtype != values[i].dtype() || feeds[i].shape != values[i].shape()) {
          return false;
        }
      }
      return true;
    }

    std::vector<TensorSpec> feeds;
    std::shared_ptr<PreparedRun> run;
    std::atomic<uint64_t> used{0};  // when, by clock_
  };

  std::shared_ptr<PreparedRun> find(std::span<const Tensor> feeds) {
    session_->check_open();
    require<ValueError>(feeds.size() == request_.feeds.size(), ErrorKind::bad_feed,
                        "This callable takes ", request_.feeds.size(), " values, not ",
                        feeds.size());
    {
      std::shared_lock lock(mutex_);
      for (const std::unique_ptr<Planned>& planned : planned_) {
        if (!planned->matches(feeds)) continue;
        planned->used = ++clock_;
        return planned->run;
      }
    }
    session_->check_feeds(request_, feeds);
    auto planned = std::make_unique<Planned>(feeds, session_->compile_run(request_, feeds));
    planned->used = ++clock_;
    std::shared_ptr<PreparedRun> run = planned->run;
    std::unique_lock lock(mutex_);
    if (planned_.size() >= std::max<size_t>(1, session_->options().plan_cache_size)) {
      planned_.erase(
          std::min_element(planned_.begin(), planned_.end(),
                           [](const auto& a, const auto& b) { return a->used < b->used; }));
    }
    planned_.push_back(std::move(planned));
    return run;
  }

  std::shared_ptr<SessionState> session_;
  RunRequest request_;
  std::shared_mutex mutex_;
  std::vector<std::unique_ptr<Planned>> planned_;  // as many as the session keeps of its own
  std::atomic<uint64_t> clock_{0};
};

std::vector<Tensor> Callable::operator()(std::span<const Tensor> feeds) const {
  std::vector<Tensor> outputs(state_->fetch_count());
  state_->run(feeds, outputs);
  return outputs;
}

std::vector<Tensor> Callable::operator()(std::initializer_list<Tensor> feeds) const {
  return (*this)(std::span<const Tensor>(feeds.begin(), feeds.size()));
}

void Callable::run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs) const {
  state_->check_outputs(feeds, outputs);
  state_->run(feeds, outputs);
}

void Callable::run_into(std::initializer_list<Tensor> feeds, std::span<Tensor> outputs) const {
  run_into(std::span<const Tensor>(feeds.begin(), feeds.size()), outputs);
}

Session::Session(const SessionOptions& options) : Session(get_default_graph(), options) {}

Session::Session(const Graph& graph, const SessionOptions& options)
    : state_(std::make_shared<SessionState>(graph.state(), options)) {}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

std::vector<Tensor> Session::run(std::span<const Fetch> fetches, const Feeds& feeds) {
  const Call call(*state_, fetches, feeds);
  state_->run(*call);
  std::vector<Tensor> results;
  results.reserve(fetches.size());
  for (size_t i = 0; i < fetches.size(); ++i) results.push_back(call.take(i));
  return results;
}

std::vector<Tensor> Session::run(std::initializer_list<Fetch> fetches, const Feeds& feeds) {
  return run(std::span<const Fetch>(fetches.begin(), fetches.size()), feeds);
}

Tensor Session::run(const Fetch& fetch, const Feeds& feeds) {
  const Call call(*state_, {&fetch, 1}, feeds);
  state_->run(*call);
  return call.take(0);
}

Callable Session::make_callable(std::span<const Fetch> fetches, std::span<const FeedKey> feeds,
                                std::span<const Fetch> targets) {
  state_->check_open();
  const GraphState& graph = *state_->graph();
  internal::ResolvedCall call;
  for (const Fetch& fetch : fetches) add_fetch(graph, fetch, call);
  for (const Fetch& target : targets) add_target(graph, target, call.request);
  for (const FeedKey& key : feeds) add_feed(graph, key, call.request);
  return Callable(std::make_shared<internal::CallableState>(state_, std::move(call.request)));
}

Callable Session::make_callable(std::initializer_list<Fetch> fetches,
                                std::initializer_list<FeedKey> feeds,
                                std::initializer_list<Fetch> targets) {
  return make_callable(std::span<const Fetch>(fetches.begin(), fetches.size()),
                       std::span<const FeedKey>(feeds.begin(), feeds.size()),
                       std::span<const Fetch>(targets.begin(), targets.size()));
}

void Session::close() { state_->close(); }
Graph Session::graph() const { return Graph(state_->graph()); }
std::vector<DeviceInfo> Session::list_devices() const { return state_->list_devices(); }
std::vector<Allocation> Session::variable_allocations() const {
  return state_->variable_allocations();
}

std::string Session::plan_text(std::span<const Fetch> fetches, const Feeds& feeds) {
  const Call call(*state_, fetches, feeds);
  return state_->prepare(*call)->plan->to_string();
}

PlacementReport Session::explain_placement(std::span<const Fetch> fetches, const Feeds& feeds) {
  PlacementReport report;
  if (!fetches.empty()) {
    const Call call(*state_, fetches, feeds);
    report.copies = internal::copies_of(*state_->prepare(*call)->plan);
  }
  report.operations = state_->placed_operations();
  return report;
}

}  // namespace tenon

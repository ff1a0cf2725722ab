// Callable: a run that is planned once and called often.
#include <algorithm>
#include <atomic>
#include <shared_mutex>

#include "core/base/check.h"
#include "core/session/session_state.h"
#include "tenon/session.h"

namespace tenon {

using internal::GraphState;
using internal::PlanOutput;
using internal::PreparedRun;
using internal::require;
using internal::RunCall;
using internal::RunRequest;
using internal::SessionState;
using internal::TensorSpec;

// What a callable shares with its copies: the request and the plans it holds.
class internal::CallableState {
 public:
  CallableState(std::shared_ptr<SessionState> session, RunRequest request)
      : session_(std::move(session)), request_(std::move(request)) {}

  size_t fetch_count() const { return request_.fetches.size(); }

  void run(const RunCall& call) {
    while (true) {
      const std::shared_ptr<PreparedRun> prepared = find(call);
      check_outputs(*prepared, call.outputs);
      if (session_->run_prepared(request_, *prepared, call)) return;
      std::unique_lock lock(mutex_);
      std::erase_if(planned_, [&](const auto& one) { return one->run == prepared; });
    }
  }

  void check_room(size_t count) const {
    require<InvalidArgumentError>(count == fetch_count(), ErrorKind::bad_argument,
                                  "This callable has ", fetch_count(), " results; room for ", count,
                                  " was given");
  }

 private:
  // Outputs that the caller gives must be what the plan makes.
  void check_outputs(const PreparedRun& prepared, std::span<const Tensor> outputs) const {
    if (prepared.plan->rest) return;  // its shapes are found by the run
    for (size_t i = 0; i < outputs.size(); ++i) {
      const PlanOutput& made = prepared.plan->outputs[i];
      if (!outputs[i]) continue;
      require<InvalidArgumentError>(outputs[i].dtype() == made.dtype, ErrorKind::dtype_incompatible,
                                    "Result ", i, " has dtype ", made.dtype,
                                    "; the tensor given for it has ", outputs[i].dtype());
      require<InvalidArgumentError>(outputs[i].shape() == made.shape, ErrorKind::shape_incompatible,
                                    "Result ", i, " has shape ", made.shape,
                                    "; the tensor given for it has ", outputs[i].shape());
      require<InvalidArgumentError>(
          session_->memory_holding(outputs[i]) == made.memory, ErrorKind::bad_placement, "Result ",
          i, " is made on ", session_->devices()[static_cast<size_t>(made.memory)]->name(),
          "; the tensor given for it lies in memory of ", outputs[i].device());
    }
  }

  // The plan for the dtypes, shapes and places of some feeds.
  struct Planned {
    Planned(const RunCall& call, std::shared_ptr<PreparedRun> prepared)
        : keep_on_device(call.options.keep_on_device), run(std::move(prepared)) {
      for (const Tensor& value : call.feeds) {
        feeds.push_back({value.dtype(), value.shape()});
        devices.push_back(&value.device());
      }
    }
    bool matches(const RunCall& call) const {
      if (keep_on_device != call.options.keep_on_device) return false;
      for (size_t i = 0; i < feeds.size(); ++i) {
        const Tensor& value = call.feeds[i];
        if (feeds[i].dtype != value.dtype() || feeds[i].shape != value.shape() ||
            devices[i] != &value.device()) {
          return false;
        }
      }
      return true;
    }

    std::vector<TensorSpec> feeds;
    std::vector<const std::string*> devices;  // of the feeds: names are kept for ever
    bool keep_on_device;
    std::shared_ptr<PreparedRun> run;
    std::atomic<uint64_t> used{0};  // when, by clock_
  };

  std::shared_ptr<PreparedRun> find(const RunCall& call) {
    session_->check_open();
    require<ValueError>(call.feeds.size() == request_.feeds.size(), ErrorKind::bad_feed,
                        "This callable takes ", request_.feeds.size(), " values, not ",
                        call.feeds.size());
    {
      std::shared_lock lock(mutex_);
      for (const std::unique_ptr<Planned>& planned : planned_) {
        if (!planned->matches(call)) continue;
        planned->used = ++clock_;
        return planned->run;
      }
    }
    session_->check_feeds(request_, call.feeds);
    auto planned = std::make_unique<Planned>(
        call, session_->compile_run(request_, call.feeds, call.options.keep_on_device));
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

std::vector<Tensor> Callable::operator()(std::span<const Tensor> feeds,
                                         const RunOptions& options) const {
  std::vector<Tensor> outputs(state_->fetch_count());
  state_->run({feeds, outputs, options});
  return outputs;
}

std::vector<Tensor> Callable::operator()(std::initializer_list<Tensor> feeds,
                                         const RunOptions& options) const {
  return (*this)(std::span<const Tensor>(feeds.begin(), feeds.size()), options);
}

void Callable::run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs,
                        const RunOptions& options) const {
  state_->check_room(outputs.size());
  state_->run({feeds, outputs, options});
}

void Callable::run_into(std::initializer_list<Tensor> feeds, std::span<Tensor> outputs,
                        const RunOptions& options) const {
  run_into(std::span<const Tensor>(feeds.begin(), feeds.size()), outputs, options);
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

}  // namespace tenon

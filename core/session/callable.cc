// Callable: a run that is planned once and called often.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <shared_mutex>

#include "core/base/check.h"
#include "core/session/session_state.h"
#include "tenon/session.h"

namespace tenon {

using internal::Executable;
using internal::Fetched;
using internal::GraphState;
using internal::LeasedCall;
using internal::PlanOutput;
using internal::require;
using internal::RunCall;
using internal::RunRequest;
using internal::SessionState;

namespace {

Tensor copied_into(Tensor to, const Tensor& from) {
  if (from.dtype() == DType::string) {
    std::ranges::copy(from.data<std::string>(), to.mutable_data<std::string>().begin());
  } else if (from.bytes() > 0) {
    std::memcpy(to.raw(), from.raw(), from.bytes());
  }
  return to;
}

}  // namespace

// What a callable shares with its copies: the request, and the executable of the last call.
class internal::CallableState {
 public:
  CallableState(std::shared_ptr<SessionState> session, RunRequest request,
                std::vector<Fetched> fetched)
      : session_(std::move(session)), request_(std::move(request)), fetched_(std::move(fetched)) {
    std::erase_if(fetched_, [](const Fetched& one) { return one.count == 0; });
  }

  size_t fetch_count() const { return fetched_.size(); }

  void run(const RunCall& call) {
    session_->check_open();
    require<ValueError>(call.feeds.size() == request_.feeds.size(), ErrorKind::bad_feed,
                        "This callable takes ", request_.feeds.size(), " values, not ",
                        call.feeds.size());
    fetched_.size() == request_.fetches.size() ? run_request(call) : run_and_join(call);
  }

  void check_room(size_t count) const {
    require<InvalidArgumentError>(count == fetch_count(), ErrorKind::bad_argument,
                                  "This callable has ", fetch_count(), " results; room for ", count,
                                  " was given");
  }

 private:
  void run_request(const RunCall& call) {
    if (session_->staged() != nullptr) return run_stages(call);
    while (true) {
      const std::shared_ptr<Executable> executable = executable_for(call);
      check_outputs(*executable, call.outputs);
      if (session_->run(*executable, call)) return;
      const std::unique_lock lock(mutex_);
      if (last_ == executable) last_ = nullptr;
    }
  }

  // Over tasks of other processes: what it makes is then put into what the caller gives.
  void run_stages(const RunCall& call) {
    std::vector<Tensor> made(request_.fetches.size());
    session_->staged()->run(request_, {call.feeds, made, call.options});
    for (size_t i = 0; i < made.size(); ++i) hand_out(i, made[i], call.outputs[i]);
  }

  void hand_out(size_t i, const Tensor& made, Tensor& result) const {
    if (result) check_output(i, result, made.dtype(), made.shape(), internal::kHost);
    result = result ? copied_into(result, made) : made;
  }

  // Partitioned variables among the results: their parts come apart, and are joined on the host.
  void run_and_join(const RunCall& call) {
    require<InvalidArgumentError>(!call.options.keep_on_device, ErrorKind::bad_argument,
                                  "A partitioned variable is joined on the host: fetch its parts ",
                                  "where they are to stay on their devices");
    std::vector<Tensor> parts(request_.fetches.size());
    run_request({call.feeds, parts, call.options});
    for (size_t i = 0; i < fetched_.size(); ++i) {
      hand_out(i, fetched_[i].take_from(parts), call.outputs[i]);
    }
  }

  // Outputs that the caller gives must be what the plan makes.
  void check_outputs(const Executable& executable, std::span<const Tensor> outputs) const {
    if (executable.plan->rest) return;  // its shapes are found by the run
    for (size_t i = 0; i < outputs.size(); ++i) {
      const PlanOutput& made = executable.plan->outputs[i];
      if (outputs[i]) check_output(i, outputs[i], made.dtype, made.shape, made.memory);
    }
  }

  void check_output(size_t i, const Tensor& given, DType dtype, const Shape& shape,
                    int memory) const {
    require<InvalidArgumentError>(given.dtype() == dtype, ErrorKind::dtype_incompatible, "Result ",
                                  i, " has dtype ", dtype, "; the tensor given for it has ",
                                  given.dtype());
    const bool is_known = shape.fully_defined();  // else the run finds it
    require<InvalidArgumentError>(!is_known || given.shape() == shape,
                                  ErrorKind::shape_incompatible, "Result ", i, " has shape ", shape,
                                  "; the tensor given for it has ", given.shape());
    require<InvalidArgumentError>(session_->devices().memory_holding(given) == memory,
                                  ErrorKind::bad_placement, "Result ", i, " is made on ",
                                  session_->devices().at(memory).name(),
                                  "; the tensor given for it lies in memory of ", given.device());
  }

  // That of the last call, if this one is like it; else the session has it, or makes it.
  std::shared_ptr<Executable> executable_for(const RunCall& call) {
    const bool keep_on_device = call.options.keep_on_device;
    {
      const std::shared_lock lock(mutex_);
      if (last_ && last_->takes(call.feeds, keep_on_device)) return last_;
    }
    const LeasedCall resolved(session_->calls());
    resolved->assign(request_, call.feeds);
    std::shared_ptr<Executable> executable = session_->executable_for(*resolved, keep_on_device);
    std::shared_ptr<Executable> before;  // outlives the lock
    const std::unique_lock lock(mutex_);
    before = std::exchange(last_, executable);
    return executable;
  }

  const std::shared_ptr<SessionState> session_;
  const RunRequest request_;
  std::vector<Fetched> fetched_;
  std::shared_mutex mutex_;
  std::shared_ptr<Executable> last_;  // kept whatever the session runs besides
};

internal::CallableState& Callable::usable() const {
  require<FailedPreconditionError>(state_ != nullptr, ErrorKind::closed,
                                   "Use of a Callable that was moved from: it is no callable any "
                                   "more");
  return *state_;
}

std::vector<Tensor> Callable::operator()(std::span<const Tensor> feeds,
                                         const RunOptions& options) const {
  internal::CallableState& state = usable();
  std::vector<Tensor> outputs(state.fetch_count());
  state.run({feeds, outputs, options});
  return outputs;
}

std::vector<Tensor> Callable::operator()(std::initializer_list<Tensor> feeds,
                                         const RunOptions& options) const {
  return (*this)(std::span<const Tensor>(feeds.begin(), feeds.size()), options);
}

void Callable::run_into(std::span<const Tensor> feeds, std::span<Tensor> outputs,
                        const RunOptions& options) const {
  internal::CallableState& state = usable();
  state.check_room(outputs.size());
  state.run({feeds, outputs, options});
}

void Callable::run_into(std::initializer_list<Tensor> feeds, std::span<Tensor> outputs,
                        const RunOptions& options) const {
  run_into(std::span<const Tensor>(feeds.begin(), feeds.size()), outputs, options);
}

Callable Session::make_callable(const ListOf<Fetch>& fetches, const ListOf<FeedKey>& feeds,
                                const ListOf<Fetch>& targets) {
  usable().check_open();
  const GraphState& graph = *state_->graph();
  internal::ResolvedCall call;
  for (const Fetch& fetch : fetches) add_fetch(graph, fetch, call);
  for (const Fetch& target : targets) add_target(graph, target, call.request);
  for (const FeedKey& key : feeds) add_feed(graph, key, call.request);
  return Callable(std::make_shared<internal::CallableState>(state_, std::move(call.request),
                                                            std::move(call.fetched)));
}

}  // namespace tenon

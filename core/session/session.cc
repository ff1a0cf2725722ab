// Session: the public face of running.
#include "tenon/session.h"

#include "core/session/session_state.h"

namespace tenon {

using internal::ResolvedCall;
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

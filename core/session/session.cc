// Session: the public face of running.
#include "tenon/session.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/session/session_state.h"

namespace tenon {

using internal::LeasedCall;
using internal::require;
using internal::ResolvedCall;
using internal::SessionState;

namespace {

// A variable stands for its memory; what is a variable in name only, for its value.
Output output_of(const Variable& variable) {
  return variable.is_tensor() ? variable.value() : variable.op().output(0);
}

// A call while it is made.
class Call {
 public:
  Call(SessionState& state, std::span<const Fetch> fetches, const Feeds& feeds)
      : call_(state.calls()) {
    state.check_open();
    internal::resolve(*state.graph(), fetches, feeds, *call_);
  }

  ResolvedCall& operator*() const { return *call_; }

  // The result of a fetch; empty for an operation.
  Tensor take(size_t fetch) const { return call_->fetched[fetch].take_from(call_->results); }

 private:
  LeasedCall call_;
};

}  // namespace

Fetch::Fetch(const Variable& variable) {
  if (!variable.is_partitioned()) {
    output_ = output_of(variable);
    return;
  }
  for (const Variable& part : variable.parts()) parts_.push_back(output_of(part));
  const std::vector<int64_t> counts = variable.partitions();
  const auto split = std::find_if(counts.begin(), counts.end(), [](int64_t n) { return n > 1; });
  axis_ = split == counts.end() ? 0 : static_cast<int>(split - counts.begin());
}

FeedKey::FeedKey(const Variable& variable) {
  require<TypeError>(!variable.is_partitioned(), ErrorKind::bad_feed,
                     "Cannot interpret feed_dict key as Tensor: Can not convert a ",
                     "PartitionedVariable into a Tensor: feed the parts of '",
                     variable.is_partitioned() ? variable.name() : std::string(), "'");
  output_ = output_of(variable);
}

Session::Session(const SessionOptions& options) : Session(get_default_graph(), options) {}

Session::Session(const Graph& graph, const SessionOptions& options)
    : state_(std::make_shared<SessionState>(graph.state(), options)) {}

Session::Session(internal::OfState, std::shared_ptr<SessionState> state)
    : state_(std::move(state)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

SessionState& Session::usable() const {
  require<FailedPreconditionError>(
      state_ != nullptr, ErrorKind::closed,
      "Use of a Session that was moved from: it is no session any more");
  return *state_;
}

std::vector<Tensor> Session::run(std::span<const Fetch> fetches, const Feeds& feeds) {
  SessionState& state = usable();
  const Call call(state, fetches, feeds);
  state.run(*call);
  std::vector<Tensor> results;
  results.reserve(fetches.size());
  for (size_t i = 0; i < fetches.size(); ++i) results.push_back(call.take(i));
  return results;
}

std::vector<Tensor> Session::run(std::initializer_list<Fetch> fetches, const Feeds& feeds) {
  return run(std::span<const Fetch>(fetches.begin(), fetches.size()), feeds);
}

Tensor Session::run(const Fetch& fetch, const Feeds& feeds) {
  SessionState& state = usable();
  const Call call(state, {&fetch, 1}, feeds);
  state.run(*call);
  return call.take(0);
}

void Session::close() { usable().close(); }
Graph Session::graph() const { return Graph(usable().graph()); }
std::vector<DeviceInfo> Session::list_devices() const { return usable().devices().list(); }
std::vector<Allocation> Session::variable_allocations() const {
  return usable().variables().allocations();
}

std::string Session::plan_text(const ListOf<Fetch>& fetches, const Feeds& feeds) {
  SessionState& state = usable();
  const Call call(state, fetches.items(), feeds);
  if (state.staged() != nullptr) return state.staged()->text((*call).request);
  return state.executable_for(*call)->plan->to_string();
}

PlacementReport Session::explain_placement(const ListOf<Fetch>& fetches, const Feeds& feeds) {
  SessionState& state = usable();
  PlacementReport report;
  if (!fetches.empty() && state.staged() == nullptr) {
    const Call call(state, fetches.items(), feeds);
    report.copies = internal::copies_of(*state.executable_for(*call)->plan);
  }
  report.operations = state.placed_operations();
  return report;
}

}  // namespace tenon

// The default session of a thread, and what runs in it.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/thread_value.h"
#include "core/session/session_state.h"
#include "tenon/session.h"
#include "tenon/variable.h"

namespace tenon {

using internal::GraphState;
using internal::require;
using internal::SessionState;

namespace {

using Sessions = std::vector<std::shared_ptr<SessionState>>;

struct DefaultSessions {
  Sessions entered;      // by as_default
  Sessions interactive;  // those that were closed since may still be among them
};

DefaultSessions& default_sessions() { return internal::thread_value<DefaultSessions>(); }

// Takes away the last one that is `state`.
void leave(Sessions& sessions, const SessionState* state) {
  const auto found = std::find_if(sessions.rbegin(), sessions.rend(),
                                  [&](const auto& one) { return one.get() == state; });
  if (found != sessions.rend()) sessions.erase(std::next(found).base());
}

// The default session, in which `what` of that graph is to be run.
Session session_for(const GraphState& graph, const std::string& what) {
  std::optional<Session> session = get_default_session();
  require<ValueError>(session.has_value(), ErrorKind::no_default_session, "Cannot run '", what,
                      "': No default session is registered. Use `auto guard = "
                      "session.as_default();` or pass the session");
  require<ValueError>(session->state()->graph().get() == &graph, ErrorKind::bad_argument,
                      "Cannot use the default session to run '", what,
                      "': its graph is another one than the session's. Pass the session");
  return *std::move(session);
}

Session session_for(const Operation& op) { return session_for(*op.state(), op.name()); }
Session session_for(const Output& output) {
  return session_for(*output.op().state(), output.name());
}
Session session_for(const Variable& variable) {
  return session_for(*variable.graph().state(), variable.name());
}

SessionOptions interactive(SessionOptions options) {
  options.place_pruned_graph = true;
  return options;
}

}  // namespace

std::optional<Session> get_default_session() {
  DefaultSessions& sessions = default_sessions();
  if (!sessions.entered.empty()) return Session(internal::OfState(), sessions.entered.back());
  std::erase_if(sessions.interactive, [](const auto& state) { return state->is_closed(); });
  if (sessions.interactive.empty()) return std::nullopt;
  return Session(internal::OfState(), sessions.interactive.back());
}

Context Session::enter_as_default() const {
  usable();
  default_sessions().entered.push_back(state_);
  return Context([state = state_.get()] { leave(default_sessions().entered, state); });
}

ScopeGuard Session::as_default() const { return ScopeGuard(enter_as_default()); }

InteractiveSession::InteractiveSession(const SessionOptions& options)
    : Session(interactive(options)) {
  default_sessions().interactive.push_back(state());
}

InteractiveSession::InteractiveSession(const Graph& graph, const SessionOptions& options)
    : Session(graph, interactive(options)), default_graph_(graph.enter_as_default()) {
  default_sessions().interactive.push_back(state());
}

// One that dies on another thread than its own is taken off that thread's list later.
InteractiveSession::~InteractiveSession() {
  leave(default_sessions().interactive, state().get());
  close();
}

void Operation::run() const { session_for(*this).run(*this); }
void Operation::run(const std::vector<Feed>& feeds) const {
  session_for(*this).run(*this, Feeds(feeds.begin(), feeds.end()));
}
void Operation::run(Session& session) const { session.run(*this); }
void Operation::run(const std::vector<Feed>& feeds, Session& session) const {
  session.run(*this, Feeds(feeds.begin(), feeds.end()));
}

Tensor Output::eval() const { return session_for(*this).run(*this); }
Tensor Output::eval(const std::vector<Feed>& feeds) const {
  return session_for(*this).run(*this, Feeds(feeds.begin(), feeds.end()));
}
Tensor Output::eval(Session& session) const { return session.run(*this); }
Tensor Output::eval(const std::vector<Feed>& feeds, Session& session) const {
  return session.run(*this, Feeds(feeds.begin(), feeds.end()));
}

Tensor Variable::eval() const { return session_for(*this).run(*this); }
Tensor Variable::eval(Session& session) const { return session.run(*this); }

void Variable::load(const Tensor& value) const {
  Session session = session_for(*this);
  load(value, session);
}

}  // namespace tenon

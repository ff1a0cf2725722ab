#include "core/loop/monitored_session_state.h"

#include <cstddef>
#include <exception>
#include <iostream>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/graph_state.h"
#include "core/loop/prepare_session.h"

namespace tenon::internal {

namespace {

using train::Hook;
using train::SessionRunArgs;
using train::SessionRunContext;

std::string name_of(const FeedKey& key) {
  return key.name().empty() ? key.output().name() : key.name();
}

// Notes what these feeds are of. Throws where one is there already.
void add_names(std::set<std::string>& names, const Feeds& feeds, const char* conflict) {
  for (const Feed& feed : feeds) {
    const std::string name = name_of(feed.key);
    require<RuntimeError>(names.insert(name).second, ErrorKind::bad_feed, conflict,
                          " Conflict(s): ", name);
  }
}

// Calls it, and keeps what it throws; behind an earlier failure as a word more to that.
template <typename Act>
void attempt(std::exception_ptr& failure, const Act& act) {
  try {
    act();
  } catch (const std::exception& error) {
    if (failure == nullptr) {
      failure = std::current_exception();
      return;
    }
    try {
      std::rethrow_exception(failure);
    } catch (Error& first) {
      first.add_context(str("; then, while closing: ", error.what()));
    } catch (...) {  // NOLINT(bugprone-empty-catch): it has no room for more
    }
  } catch (...) {
    if (failure == nullptr) failure = std::current_exception();
  }
}

}  // namespace

MonitoredSessionState::Finalized::Finalized(Graph graph)
    : graph_(std::move(graph)), was_final_(graph_.finalized()) {}

void MonitoredSessionState::Finalized::release() {
  if (was_final_) return;
  const std::lock_guard lock(graph_.state()->mutex);
  graph_.state()->finalized = false;
}

MonitoredSessionState::MonitoredSessionState(const train::MonitoredSessionOptions& options,
                                             const Location& where)
    : exceptions_(std::uncaught_exceptions()),
      graph_(get_default_graph()),
      finalized_(graph_),
      hooks_(options.hooks),
      grace_secs_(options.stop_grace_period_secs),
      // What a thread reports is thrown, whatever it is.
      coordinator_({.clean_stop_exception_types = {}}) {
  for (const Hook& hook : hooks_) hook.get().begin();
  options.scaffold.finalize(where);
  {
    const CallerLine line(where);
    session_ = prepare_session(options);
  }
  for (const Hook& hook : hooks_) hook.get().after_create_session(*session_, coordinator_);
}

MonitoredSessionState::~MonitoredSessionState() {
  if (closed_) return;
  const bool failing = std::uncaught_exceptions() > exceptions_;
  try {
    shut(!failing);
  } catch (const std::exception& error) {
    if (!failing) std::cerr << str("tenon: a monitored session ended: ", error.what(), '\n');
  } catch (...) {
    if (!failing) std::cerr << "tenon: a monitored session ended by an exception\n";
  }
}

MonitoredSessionState::Requests MonitoredSessionState::ask_hooks(SessionRunContext& context,
                                                                 std::span<const Fetch> fetches) {
  Requests requests{.fetches = {fetches.begin(), fetches.end()}, .counts = {}, .feeds = {}};
  std::set<std::string> fed;
  for (const Hook& hook : hooks_) {
    const SessionRunArgs args = hook.get().before_run(context);
    requests.counts.push_back(args.fetches.size());
    requests.fetches.insert(requests.fetches.end(), args.fetches.begin(), args.fetches.end());
    add_names(fed, args.feed_dict, "Same tensor is fed by two hooks.");
    requests.feeds.insert(requests.feeds.end(), args.feed_dict.begin(), args.feed_dict.end());
  }
  const Feeds& callers = context.original_args().feed_dict;
  if (requests.feeds.empty()) {
    requests.feeds = callers;
  } else {
    add_names(fed, callers, "Same tensor is fed by a SessionRunHook and user.");
    requests.feeds.insert(requests.feeds.end(), callers.begin(), callers.end());
  }
  return requests;
}

std::vector<Tensor> MonitoredSessionState::run(std::span<const Fetch> fetches, const Feeds& feeds) {
  Session& session = open_session();
  require<RuntimeError>(!should_stop_, ErrorKind::bad_argument,
                        "Run called even after should_stop requested.");
  const std::vector<Fetch> asked(fetches.begin(), fetches.end());
  SessionRunContext context({.fetches = asked, .feed_dict = feeds}, session);
  const Requests requests = ask_hooks(context, asked);
  std::vector<Tensor> results = session.run(requests.fetches, requests.feeds);
  auto at = results.begin() + static_cast<std::ptrdiff_t>(asked.size());
  for (size_t i = 0; i < hooks_.size(); ++i) {
    const auto end = at + static_cast<std::ptrdiff_t>(requests.counts[i]);
    hooks_[i].get().after_run(context, {.results = {at, end}});
    at = end;
  }
  should_stop_ = should_stop_ || context.stop_requested();
  results.resize(asked.size());
  return results;
}

bool MonitoredSessionState::should_stop() const {
  return closed_ || should_stop_ || coordinator_.should_stop();
}

void MonitoredSessionState::close() {
  open_session();
  shut(true);
}

void MonitoredSessionState::shut(bool with_end) {
  std::exception_ptr failure;
  if (with_end) {
    attempt(failure, [&] {
      for (const Hook& hook : hooks_) hook.get().end(*session_);
    });
  }
  attempt(failure, [&] {
    coordinator_.request_stop();
    coordinator_.join({.stop_grace_period_secs = grace_secs_, .ignore_live_threads = true});
  });
  attempt(failure, [&] { session_->close(); });
  closed_ = true;
  finalized_.release();
  if (failure != nullptr) std::rethrow_exception(failure);
}

Session& MonitoredSessionState::open_session() const {
  require<RuntimeError>(!closed_, ErrorKind::closed, "Session is already closed.");
  return *session_;
}

}  // namespace tenon::internal

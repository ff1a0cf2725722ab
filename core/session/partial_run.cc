// Partial runs: runs in steps, with feeds and fetches that were named before.
#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/variable_name.h"
#include "core/plan/plan_graph.h"
#include "core/session/nodes_behind.h"
#include "core/session/session_state.h"
#include "tenon/session.h"

namespace tenon {

using internal::Endpoint;
using internal::fail;
using internal::GraphState;
using internal::LeasedCall;
using internal::Node;
using internal::NodesBehind;
using internal::require;
using internal::ResolvedCall;
using internal::RunRequest;
using internal::SessionState;

namespace {

bool is_name(const Node& node) {
  return internal::names_variable(node) && internal::variable_of(node.inputs[0]) != nullptr;
}

std::string name_of(const Endpoint& endpoint) {
  return internal::str(endpoint.node->name, ":", endpoint.index);
}

}  // namespace

// What has been fed, fetched and run so far, and the values that are yet to be used.
class internal::PartialRunState {
 public:
  PartialRunState(std::shared_ptr<SessionState> session, const RunRequest& named)
      : session_(std::move(session)) {
    for (const Endpoint& feed : named.feeds) feeds_[key(feed)] = {feed};
    for (const Endpoint& fetch : named.fetches) fetches_[key(fetch)] = {fetch};
    for (Node* target : named.targets) targets_[target->id] = {{target}};
  }

  const std::shared_ptr<SessionState>& session() const { return session_; }

  std::vector<Tensor> step(std::span<const Fetch> fetches, const Feeds& feeds) {
    const std::lock_guard one_after_the_other(mutex_);
    session_->check_open();
    require(!is_over_, ErrorKind::bad_argument,
            "Must run 'setup' before performing partial runs! This one is over");
    const LeasedCall call(session_->calls());
    resolve(*session_->graph(), fetches, feeds, *call);
    check_named(call->request);
    const std::vector<Endpoint> fed = call->request.feeds, asked = call->request.fetches;
    for (const auto& [id, known] : known_) {
      call->request.feeds.push_back(known.endpoint);
      call->feed(known.value, call->request.feeds.size() - 1);
    }
    const Needs needs = needs_of(call->request);
    call->request.fetches.insert(call->request.fetches.end(), needs.made.begin(), needs.made.end());
    call->results.resize(call->request.fetches.size());
    call->request.done = {done_.begin(), done_.end()};
    std::ranges::sort(call->request.done, {}, &Node::id);  // plans are kept by it
    session_->executable_for(*call);  // refuses what can't be run, with all as it was
    run(*call);
    for (const Endpoint& feed : fed) feeds_.at(key(feed)).is_done = true;
    for (const Endpoint& fetch : asked) fetches_.at(key(fetch)).is_done = true;
    for (const Node* target : call->request.targets) targets_.at(target->id).is_done = true;
    done_.insert(needs.run.begin(), needs.run.end());
    keep(needs, *call);
    std::vector<Tensor> answers;
    for (const Fetched& one : call->fetched) answers.push_back(one.take_from(call->results));
    return answers;
  }

 private:
  using Key = std::pair<int, int>;
  using Nodes = NodesBehind::Nodes;
  struct Named {
    Endpoint endpoint;
    bool is_done = false;
  };
  struct Known {
    Endpoint endpoint;
    Tensor value;
  };
  // Of a step.
  struct Needs {
    Nodes run;                   // what runs in it
    std::vector<Endpoint> made;  // by it, and needed later
    std::vector<Endpoint> fed;   // in it or before, and needed later
  };

  static Key key(const Endpoint& endpoint) { return {endpoint.node->id, endpoint.index}; }

  template <typename Id>
  static void check_due(const std::map<Id, Named>& named, const Id& id, ErrorKind kind,
                        const char* what, const std::string& name, const char* done) {
    const auto found = named.find(id);
    require(found != named.end(), kind, "The ", what, " ", name,
            " was not specified in partial_run_setup.");
    require(!found->second.is_done, kind, "The ", what, " ", name, " has already been ", done, ".");
  }

  void check_named(const RunRequest& asked) const {
    for (const Endpoint& feed : asked.feeds) {
      check_due(feeds_, key(feed), ErrorKind::bad_feed, "feed", name_of(feed), "fed");
    }
    for (const Endpoint& fetch : asked.fetches) {
      check_due(fetches_, key(fetch), ErrorKind::bad_fetch, "fetch", name_of(fetch), "fetched");
    }
    for (const Node* target : asked.targets) {
      check_due(targets_, target->id, ErrorKind::bad_fetch, "fetch", target->name, "fetched");
    }
  }

  Needs needs_of(const RunRequest& asked) const {
    const std::lock_guard lock(session_->graph()->mutex);
    Needs needs;
    needs.run = nodes_of(asked);
    add_what_is_needed_later(asked, needs);
    return needs;
  }

  // What a step runs: neither variables nor names of reference variables, which are read by whoever
  // uses them.
  Nodes nodes_of(const RunRequest& asked) const {
    std::string root;
    NodesBehind needed(done_, [&](const Endpoint& value) {
      if (contains(asked.feeds, value)) return false;
      require(!feeds_.contains(key(value)), ErrorKind::must_feed, "Fetch ", root,
              " can't be computed from the feeds that have been fed so far: it needs ",
              name_of(value));
      return true;
    });
    for (const Endpoint& fetch : asked.fetches) {
      root = name_of(fetch);
      needed.add(fetch);
    }
    for (const Node* target : asked.targets) {
      root = target->name;
      needed.add(target);
    }
    Nodes run = needed.found();
    std::erase_if(run, [](const Node* node) { return node->def->is_variable || is_name(*node); });
    return run;
  }

  void add_what_is_needed_later(const RunRequest& asked, Needs& needs) const {
    Nodes ran = done_;
    ran.insert(needs.run.begin(), needs.run.end());
    NodesBehind needed(ran, [&](const Endpoint& value) {
      if (contains(asked.feeds, value)) {
        if (!contains(needs.fed, value)) needs.fed.push_back(value);
        return false;
      }
      if (feeds_.contains(key(value))) return false;  // to be fed
      const bool is_made =
          needs.run.contains(value.node) && !internal::nth(value.node->output_refs, value.index);
      if (is_made && !contains(needs.made, value)) needs.made.push_back(value);
      return true;
    });
    for (const auto& [id, fetch] : fetches_) {
      if (!fetch.is_done && !contains(asked.fetches, fetch.endpoint)) needed.add(fetch.endpoint);
    }
    for (const auto& [id, target] : targets_) {
      if (!target.is_done) needed.add(target.endpoint.node);
    }
  }

  void run(ResolvedCall& call) {
    try {
      session_->run(call);
    } catch (...) {
      end();  // what of it ran must not run again
      throw;
    }
  }

  // The values for later steps, and the end of the run when nothing is left of it.
  void keep(const Needs& needs, const ResolvedCall& call) {
    std::map<Key, Known> known;
    for (size_t i = 0; i < call.request.feeds.size(); ++i) {
      const Endpoint& feed = call.request.feeds[i];
      if (!contains(needs.fed, feed)) continue;
      const auto before = known_.find(key(feed));
      // A copy: the caller may change it after this step.
      known[key(feed)] = {feed, before != known_.end()
                                    ? before->second.value
                                    : session_->devices().copy_to_host(call.values()[i], {})};
    }
    const size_t asked = call.results.size() - needs.made.size();
    for (size_t i = 0; i < needs.made.size(); ++i) {
      known[key(needs.made[i])] = {needs.made[i], call.results[asked + i]};
    }
    known_ = std::move(known);
    const auto is_done = [](const auto& named) { return named.second.is_done; };
    if (std::ranges::all_of(fetches_, is_done) && std::ranges::all_of(targets_, is_done)) end();
  }

  void end() {
    is_over_ = true;
    known_.clear();
    done_.clear();
  }

  const std::shared_ptr<SessionState> session_;
  std::mutex mutex_;
  std::map<Key, Named> feeds_, fetches_;
  std::map<int, Named> targets_;
  std::map<Key, Known> known_;
  Nodes done_;
  bool is_over_ = false;
};

PartialRun Session::partial_run_setup(const ListOf<Fetch>& fetches, const ListOf<FeedKey>& feeds) {
  usable().check_open();
  require<UnimplementedError>(state_->staged() == nullptr, ErrorKind::bad_placement,
                              "Partial runs over tasks of other processes aren't implemented");
  const GraphState& graph = *state_->graph();
  ResolvedCall call;
  for (const Fetch& fetch : fetches) add_fetch(graph, fetch, call);
  for (const FeedKey& feed : feeds) add_feed(graph, feed, call.request);
  require(!fetches.empty(), ErrorKind::bad_argument,
          "Must specify at least one target to fetch or execute.");
  return PartialRun(std::make_shared<internal::PartialRunState>(state_, call.request));
}

std::vector<Tensor> Session::partial_run(const PartialRun& run, std::span<const Fetch> fetches,
                                         const Feeds& feeds) {
  usable().check_open();
  require(
      run.state() != nullptr && run.state()->session() == state_, ErrorKind::bad_argument,
      "Must run 'setup' before performing partial runs! This one was not set up by the session");
  return run.state()->step(fetches, feeds);
}

std::vector<Tensor> Session::partial_run(const PartialRun& run,
                                         std::initializer_list<Fetch> fetches, const Feeds& feeds) {
  return partial_run(run, std::span<const Fetch>(fetches.begin(), fetches.size()), feeds);
}

Tensor Session::partial_run(const PartialRun& run, const Fetch& fetch, const Feeds& feeds) {
  return partial_run(run, std::span<const Fetch>(&fetch, 1), feeds)[0];
}

}  // namespace tenon

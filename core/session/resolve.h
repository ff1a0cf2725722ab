// What fetches and feeds stand for in a graph.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/graph/graph_state.h"
#include "tenon/session.h"

namespace tenon::internal {

// What a run asks for, resolved to one graph. Order matters: results come back in it.
struct RunRequest {
  std::vector<Endpoint> fetches = {};
  std::vector<Node*> targets = {};
  std::vector<Endpoint> feeds = {};
  std::vector<const Node*> done = {};  // ran in earlier steps of a partial run
};

// Where the value of a fetch is found among the results of a request: nowhere that of an operation;
// that of a partitioned variable is joined of several.
struct Fetched {
  int first = 0;
  int count = 1;
  int axis = 0;  // along which several lie

  Tensor take_from(std::span<Tensor> results) const;
};

// A call of Session::run. The vectors keep their memory from one call to the next.
struct ResolvedCall {
  RunRequest request = {};
  std::vector<Fetched> fetched = {};
  std::vector<Tensor> fed = {};      // the values of the feeds, and room from earlier calls
  std::vector<Tensor> results = {};  // of request.fetches
  std::string key = {};              // of its executable

  std::span<const Tensor> values() const { return {fed.data(), request.feeds.size()}; }
  void feed(const Tensor& value, size_t index);
  void assign(const RunRequest& asked, std::span<const Tensor> feeds);
  void clear();  // what refers to tensors and nodes
};

// Adds to a request. Throw ValueError (bad_fetch, bad_feed) or TypeError (bad_feed).
void add_fetch(const GraphState& graph, const Fetch& fetch, ResolvedCall& call);
void add_target(const GraphState& graph, const Fetch& target, RunRequest& request);
void add_feed(const GraphState& graph, const FeedKey& key, RunRequest& request);

// All of a call.
void resolve(const GraphState& graph, std::span<const Fetch> fetches, const Feeds& feeds,
             ResolvedCall& call);

}  // namespace tenon::internal

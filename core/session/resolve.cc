#include "core/session/resolve.h"

#include "core/base/check.h"

namespace tenon::internal {
namespace {

Endpoint endpoint_of(const GraphState& graph, const Output& output, ErrorKind kind,
                     std::string_view what) {
  require<ValueError>(static_cast<bool>(output), kind, what, " is empty");
  require<ValueError>(output.op().state().get() == &graph, kind, what, " '", output.op().name(),
                      ":", output.index(), "' cannot be interpreted as a Tensor: it is not an ",
                      "element of this session's graph");
  return {output.op().node(), output.index()};
}

// An endpoint, or an operation.
struct ResolvedFetch {
  Endpoint endpoint = {};
  Node* target = nullptr;
};

Graph handle_of(const GraphState& graph) {
  return Graph(const_cast<GraphState&>(graph).shared_from_this());
}

ResolvedFetch resolve_fetch(const GraphState& graph, const Fetch& fetch) {
  if (fetch.op()) {
    require<ValueError>(fetch.op().state().get() == &graph, ErrorKind::bad_fetch,
                        "Fetch argument '", fetch.op().name(),
                        "' is not an element of this session's graph");
    return {.target = fetch.op().node()};
  }
  if (fetch.name().empty()) {
    return {.endpoint = endpoint_of(graph, fetch.output(), ErrorKind::bad_fetch, "Fetch argument")};
  }
  try {
    const Graph handle = handle_of(graph);
    if (fetch.name().find(':') == std::string::npos) {
      return {.target = handle.operation(fetch.name()).node()};
    }
    const Output output = handle.tensor(fetch.name());
    return {.endpoint = {output.op().node(), output.index()}};
  } catch (const Error& error) {
    fail<ValueError>(ErrorKind::bad_fetch, "Fetch argument '", fetch.name(),
                     "' cannot be interpreted as a Tensor. (", error.what(), ")");
  }
}

Endpoint resolve_key(const GraphState& graph, const FeedKey& key) {
  if (key.name().empty()) {
    return endpoint_of(graph, key.output(), ErrorKind::bad_feed, "Feed key");
  }
  try {
    const Output output = handle_of(graph).tensor(key.name());
    return {output.op().node(), output.index()};
  } catch (const Error& error) {
    fail<TypeError>(ErrorKind::bad_feed, "Cannot interpret feed_dict key '", key.name(),
                    "' as Tensor: ", error.what());
  }
}

}  // namespace

void ResolvedCall::clear() {
  request.fetches.clear();
  request.targets.clear();
  request.feeds.clear();
  result_of.clear();
  for (Tensor& value : fed) value.drop_buffer();
  results.clear();
}

void add_fetch(const GraphState& graph, const Fetch& fetch, ResolvedCall& call) {
  const ResolvedFetch found = resolve_fetch(graph, fetch);
  if (found.target != nullptr) {
    call.request.targets.push_back(found.target);
    call.result_of.push_back(-1);
  } else {
    call.result_of.push_back(static_cast<int>(call.request.fetches.size()));
    call.request.fetches.push_back(found.endpoint);
  }
}

void add_target(const GraphState& graph, const Fetch& target, RunRequest& request) {
  const ResolvedFetch found = resolve_fetch(graph, target);
  request.targets.push_back(found.target != nullptr ? found.target : found.endpoint.node);
}

void add_feed(const GraphState& graph, const FeedKey& key, RunRequest& request) {
  const Endpoint endpoint = resolve_key(graph, key);
  for (const Endpoint& other : request.feeds) {
    require<ValueError>(!(other == endpoint), ErrorKind::bad_feed, "Tensor '", endpoint.node->name,
                        ":", endpoint.index, "' is fed twice");
  }
  request.feeds.push_back(endpoint);
}

void resolve(const GraphState& graph, std::span<const Fetch> fetches, const Feeds& feeds,
             ResolvedCall& call) {
  call.clear();
  for (const Fetch& fetch : fetches) add_fetch(graph, fetch, call);
  for (const Feed& feed : feeds) {
    add_feed(graph, feed.key, call.request);
    if (call.fed.size() < call.request.feeds.size()) call.fed.emplace_back();
    call.fed[call.request.feeds.size() - 1] = feed.value;
  }
  call.results.resize(call.request.fetches.size());
}

}  // namespace tenon::internal

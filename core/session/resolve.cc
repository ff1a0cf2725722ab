#include "core/session/resolve.h"

#include <algorithm>
#include <cstddef>

#include "core/base/check.h"
#include "core/plan/plan_graph.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// What is inside a conditional or loop runs there alone.
void require_outside(const Node& node, ErrorKind kind) {
  if (node.body == nullptr) return;  // and nothing is described, nor allocated
  fail<ValueError>(kind, "Operation '", node.name,
                   "' can't be fetched or fed: it is inside a conditional or a loop. It is ",
                   described(node));
}

Endpoint endpoint_of(const GraphState& graph, const Output& output, ErrorKind kind,
                     std::string_view what) {
  require<ValueError>(static_cast<bool>(output), kind, what, " is empty");
  require<ValueError>(output.op().state().get() == &graph, kind, what, " '", output.op().name(),
                      ":", output.index(), "' cannot be interpreted as a Tensor: it is not an ",
                      "element of this session's graph: it was made at ", output.op().made_at());
  require_outside(*output.op().node(), kind);
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

template <typename T>
void copy_parts(std::span<const Tensor> parts, int axis, T* to) {
  int64_t outer = 1;
  for (int i = 0; i < axis; ++i) outer *= parts[0].shape()[i];
  for (int64_t i = 0; i < outer; ++i) {
    for (const Tensor& part : parts) {
      const auto size =
          static_cast<int64_t>(part.bytes() / sizeof(T)) / std::max<int64_t>(1, outer);
      to = std::copy_n(static_cast<const T*>(part.raw()) + i * size, size, to);
    }
  }
}

// Parts along an axis, as one.
Tensor joined_parts(std::span<const Tensor> parts, int axis) {
  Shape shape = parts[0].shape();
  shape[axis] = 0;
  for (const Tensor& part : parts) shape[axis] += part.shape()[axis];
  Tensor whole = uninitialized_tensor(parts[0].dtype(), shape);
  if (whole.dtype() == DType::string) {
    copy_parts(parts, axis, static_cast<std::string*>(whole.raw()));
  } else {
    copy_parts(parts, axis, static_cast<std::byte*>(whole.raw()));
  }
  return whole;
}

ResolvedFetch resolve_fetch(const GraphState& graph, const Fetch& fetch) {
  if (fetch.op()) {
    require<ValueError>(fetch.op().state().get() == &graph, ErrorKind::bad_fetch,
                        "Fetch argument '", fetch.op().name(),
                        "' is not an element of this session's graph: it was made at ",
                        fetch.op().made_at());
    require_outside(*fetch.op().node(), ErrorKind::bad_fetch);
    return {.target = fetch.op().node()};
  }
  if (fetch.name().empty()) {
    return {.endpoint = endpoint_of(graph, fetch.output(), ErrorKind::bad_fetch, "Fetch argument")};
  }
  try {
    const Graph handle = handle_of(graph);
    if (fetch.name().find(':') == std::string::npos) {
      Node* node = handle.operation(fetch.name()).node();
      require_outside(*node, ErrorKind::bad_fetch);
      return {.target = node};
    }
    const Output output = handle.tensor(fetch.name());
    require_outside(*output.op().node(), ErrorKind::bad_fetch);
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

Tensor Fetched::take_from(std::span<Tensor> results) const {
  if (count == 0) return {};
  const std::span<Tensor> found =
      results.subspan(static_cast<size_t>(first), static_cast<size_t>(count));
  return count == 1 ? std::move(found[0]) : joined_parts(found, axis);
}

void ResolvedCall::clear() {
  request.fetches.clear();
  request.targets.clear();
  request.feeds.clear();
  request.done.clear();
  fetched.clear();
  for (Tensor& value : fed) value.drop_buffer();
  results.clear();
}

void ResolvedCall::feed(const Tensor& value, size_t index) {
  if (fed.size() <= index) fed.resize(index + 1);
  fed[index] = value;
}

void ResolvedCall::assign(const RunRequest& asked, std::span<const Tensor> feeds) {
  request = asked;
  for (size_t i = 0; i < feeds.size(); ++i) feed(feeds[i], i);
}

void add_fetch(const GraphState& graph, const Fetch& fetch, ResolvedCall& call) {
  std::vector<Endpoint>& fetches = call.request.fetches;
  const auto first = static_cast<int>(fetches.size());
  if (!fetch.parts().empty()) {
    for (const Output& part : fetch.parts()) {
      fetches.push_back(endpoint_of(graph, part, ErrorKind::bad_fetch, "Fetch argument"));
    }
    const auto count = static_cast<int>(fetch.parts().size());
    call.fetched.push_back({.first = first, .count = count, .axis = fetch.axis()});
    return;
  }
  const ResolvedFetch found = resolve_fetch(graph, fetch);
  if (found.target != nullptr) {
    call.request.targets.push_back(found.target);
    call.fetched.push_back({.first = first, .count = 0});
  } else {
    fetches.push_back(found.endpoint);
    call.fetched.push_back({.first = first});
  }
}

void add_target(const GraphState& graph, const Fetch& target, RunRequest& request) {
  for (const Output& part : target.parts()) {
    request.targets.push_back(
        endpoint_of(graph, part, ErrorKind::bad_fetch, "Fetch argument").node);
  }
  if (!target.parts().empty()) return;
  const ResolvedFetch found = resolve_fetch(graph, target);
  request.targets.push_back(found.target != nullptr ? found.target : found.endpoint.node);
}

void add_feed(const GraphState& graph, const FeedKey& key, RunRequest& request) {
  const Endpoint endpoint = resolve_key(graph, key);
  for (const Endpoint& other : request.feeds) {
    if (!(other == endpoint)) continue;
    fail<ValueError>(ErrorKind::bad_feed, "Tensor '", endpoint.node->name, ":", endpoint.index,
                     "' is fed twice. It is ", described(*endpoint.node));
  }
  request.feeds.push_back(endpoint);
}

void resolve(const GraphState& graph, std::span<const Fetch> fetches, const Feeds& feeds,
             ResolvedCall& call) {
  call.clear();
  for (const Fetch& fetch : fetches) add_fetch(graph, fetch, call);
  for (const Feed& feed : feeds) {
    add_feed(graph, feed.key, call.request);
    call.feed(feed.value, call.request.feeds.size() - 1);
  }
  call.results.resize(call.request.fetches.size());
}

}  // namespace tenon::internal

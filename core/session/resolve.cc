// What fetches and feed keys stand for in a graph.
#include "core/base/strings.h"
#include "core/session/session_state.h"

namespace tenon::internal {
namespace {

Endpoint endpoint_of(const GraphState& graph, const Output& output, ErrorKind kind,
                     std::string_view what) {
  require<ValueError>(static_cast<bool>(output), kind, what, " is empty");
  require<ValueError>(output.op().state().get() == &graph, kind, what, " '", output.name(),
                      "' cannot be interpreted as a Tensor: it is not an element of this ",
                      "session's graph");
  return {output.op().node(), output.index()};
}

}  // namespace

ResolvedFetch resolve(const GraphState& graph, const Fetch& fetch) {
  Graph handle(const_cast<GraphState&>(graph).shared_from_this());
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

Endpoint resolve(const GraphState& graph, const FeedKey& key) {
  if (key.name().empty()) {
    return endpoint_of(graph, key.output(), ErrorKind::bad_feed, "Feed key");
  }
  try {
    const Output output =
        Graph(const_cast<GraphState&>(graph).shared_from_this()).tensor(key.name());
    return {output.op().node(), output.index()};
  } catch (const Error& error) {
    fail<TypeError>(ErrorKind::bad_feed, "Cannot interpret feed_dict key '", key.name(),
                    "' as Tensor: ", error.what());
  }
}

}  // namespace tenon::internal

// A graph with its collections as a MetaGraph.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/io/meta_graph_def.h"
#include "core/saver/saved_variables.h"

namespace tenon::internal {

struct MetaGraphParts {
  // Saved and restored by the graph's own operations; none: it has no such operations.
  const std::vector<SavedVariable>* saved = nullptr;
  int max_to_keep = 5;
  double keep_checkpoint_every_n_hours = 10000;
  std::optional<std::vector<std::string>> collections = {};  // left out: all
  bool clear_devices = false;
  MetaGraphDef besides = {};  // tags, signatures, assets, and collections of names
};

// The bytes of a MetaGraphDef. Throws as Graph::as_graph_def does.
std::string encode_meta_graph(GraphState& graph, const MetaGraphParts& parts);

}  // namespace tenon::internal

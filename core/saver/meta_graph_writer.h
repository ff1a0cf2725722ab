// A graph with its collections as a MetaGraph.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/io/meta_graph_def.h"
#include "core/saver/saved_variables.h"
#include "tenon/collections.h"

namespace tenon::internal {

// Collections whose variables MetaGraphs hold with all that TensorFlow's Variable knows; of others
// the names alone.
inline constexpr std::array<std::string_view, 7> kVariableCollections = {
    GraphKeys::GLOBAL_VARIABLES, GraphKeys::TRAINABLE_VARIABLES,      GraphKeys::LOCAL_VARIABLES,
    GraphKeys::MODEL_VARIABLES,  GraphKeys::MOVING_AVERAGE_VARIABLES, GraphKeys::METRIC_VARIABLES,
    GraphKeys::GLOBAL_STEP};

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

// MetaGraphs: the default graph with its collections, as TensorFlow 1 has it beside checkpoints.
//
//   train::export_meta_graph("run/model.meta");
//
// TensorFlow's import_meta_graph answers a Saver for it; train::import_meta_graph reads it here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/saver.h"

namespace tenon::train {

struct ExportMetaGraphOptions {
  std::optional<Saver> saver = {};  // left out: one of all that a Saver saves, if there is any
  // Left out: all collections. What is in them and has no name in the graph is left out.
  std::optional<std::vector<std::string>> collection_list = {};
  bool clear_devices = false;
};

// The bytes of a MetaGraphDef, which are written to the file, unless `path` is empty: the graph,
// the operations by which TensorFlow saves and restores the saver's variables, and the collections.
// Throws as Graph::as_graph_def does, and what tenon/checkpoint.h says of files.
TENON_API std::string export_meta_graph(const std::string& path,
                                        const ExportMetaGraphOptions& options = {},
                                        Location where = Location::current());

// Graph::as_graph_def into a file of that folder, which is made where it is missing. Answers the
// file's path.
TENON_API std::string write_graph(const Graph& graph, const std::string& folder,
                                  const std::string& name, Location where = Location::current());

}  // namespace tenon::train

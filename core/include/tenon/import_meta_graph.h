// MetaGraphs: a graph that TensorFlow 1 wrote beside its checkpoints, with its collections.
//
//   auto imported = train::import_meta_graph("run/model-200.meta");
//   Session session;
//   imported.saver.restore(session, "run/model-200");
//   session.run(get_default_graph().operation("train"));  // goes on
//
// Collections come back: variables of all kinds, operations and tensors by their names. The nodes
// by which TensorFlow saves and restores are left out: the saver that is answered does that.
#pragma once

#include <string>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/import_graph_def.h"
#include "tenon/saver.h"

namespace tenon::train {

struct ImportMetaGraphOptions {
  std::string import_scope = "";  // in front of all names, with a slash
  bool clear_devices = false;
  // As ImportOptions::return_elements and strict: unless it is strict, what Tenon can't do is left
  // out, with all that depends on it, but for what the elements to return need.
  std::vector<std::string> return_elements = {};
  bool strict = false;
  std::map<std::string, Output> input_map = {};
};

struct ImportedMetaGraph {
  Saver saver;  // of all variables that were imported
  ImportedElements elements;
};

// Adds the file's graph to the default graph. Throws as import_graph_def does.
TENON_API ImportedMetaGraph import_meta_graph(const std::string& path,
                                              const ImportMetaGraphOptions& options = {},
                                              Location where = Location::current());

}  // namespace tenon::train

// SavedModels of TensorFlow 1: folders with graphs, weights and signatures.
//
//   Session session;
//   auto model = saved_model::load(session, {"serve"}, "export/1");
//   const auto& signature = model.signatures.at("serving_default");
//   session.run(session.graph().tensor(signature.outputs.at("scores")), ...);
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tenon/export.h"
#include "tenon/import_meta_graph.h"
#include "tenon/session.h"

namespace tenon::saved_model {

// Names of tensors in the graph, by what they are called outside.
struct Signature {
  std::map<std::string, std::string> inputs = {}, outputs = {};
  std::string method = {};
};

struct LoadedModel {
  train::Saver saver;  // of all variables that were imported
  ImportedElements elements;
  std::map<std::string, Signature> signatures;
};

// Adds the graph of these tags to the session's graph, restores the variables and runs the model's
// own initialisation. `folder` may also be that of its saved_model.pb. Throws as import_graph_def
// and Saver::restore do; ValueError (bad_argument) naming the tags that there are where none fits.
TENON_API LoadedModel load(Session& session, const std::vector<std::string>& tags,
                           const std::string& folder,
                           const train::ImportMetaGraphOptions& options = {});

}  // namespace tenon::saved_model

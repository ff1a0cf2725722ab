// SavedModels of TensorFlow 1: folders with graphs, weights and signatures.
//
//   Session session;
//   auto model = saved_model::load(session, {"serve"}, "export/1");
//   const auto& signature = model.signatures.at("serving_default");
//   session.run(session.graph().tensor(signature.outputs.at("scores")), ...);
//
//   const saved_model::Predictor predict("export/1");        // the same, from any thread
//   Tensor scores = predict({{"images", batch}}).at("scores");
//
//   saved_model::simple_save(session, "export/2", {{"images", x}}, {{"scores", y}});
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/import_meta_graph.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

namespace tenon {

namespace internal {
struct PredictorState;
}  // namespace internal

namespace saved_model {

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
                           const train::ImportMetaGraphOptions& options = {},
                           Location where = Location::current());

struct PredictorOptions {
  std::string signature = "serving_default";
  std::vector<std::string> tags = {"serve"};
  SessionOptions session = {};
};

// A signature of a model, ready to be asked. Copies share it; calls may come from many threads at
// once, and each shape of inputs is planned once.
class TENON_API Predictor {
 public:
  // A SavedModel, in a graph and a session of its own. Throws as load does; ValueError
  // (bad_argument) naming the signatures that there are where there is none of that name.
  explicit Predictor(const std::string& folder, const PredictorOptions& options = {},
                     Location where = Location::current());
  // Of a session that has the model already, which it keeps alive.
  Predictor(Session& session, const Signature& signature);

  // The outputs by name, for all inputs by name. Throws ValueError (bad_feed) where an input is
  // missing or there is none of that name, and as Session::run does.
  std::map<std::string, Tensor> operator()(const std::map<std::string, Tensor>& inputs) const;
  const Signature& signature() const noexcept;

 private:
  std::shared_ptr<const internal::PredictorState> state_;
};

// What a signature is made of when a model is saved: tensors, by what they are called outside.
struct SignatureTensors {
  std::map<std::string, Output> inputs = {}, outputs = {};
  std::string method = "tensorflow/serving/predict";
};

struct MetaGraphOptions {
  std::map<std::string, SignatureTensors> signatures = {};
  // Constants that hold the paths of files: these are copied into the model, and whoever loads it
  // has the copies' paths there.
  std::vector<Output> assets = {};
  Operation main_op = {};  // run by whoever loads the model, once its variables are restored
  bool clear_devices = false;
};

// A SavedModel while it is made: one or more graphs under tags, with one set of variables.
class TENON_API Builder {
 public:
  // Throws ValueError (bad_argument) where the folder is there already and isn't empty.
  explicit Builder(std::string folder, Location where = Location::current());

  // The session's graph and the values of its variables; first of all, and once.
  void add_meta_graph_and_variables(Session& session, const std::vector<std::string>& tags,
                                    const MetaGraphOptions& options = {},
                                    Location where = Location::current());
  // Another graph over the same variables.
  void add_meta_graph(const Graph& graph, const std::vector<std::string>& tags,
                      const MetaGraphOptions& options = {}, Location where = Location::current());
  // Writes saved_model.pb; answers its path.
  std::string save(Location where = Location::current());

 private:
  void add(const Graph& graph, const std::vector<std::string>& tags,
           const MetaGraphOptions& options);

  std::string folder_;
  std::vector<std::string> graphs_;  // serialized
  bool has_variables_ = false;
};

// A SavedModel of the session's graph and variables under the tag "serve", with one signature,
// "serving_default". Throws as Builder and Graph::as_graph_def do.
TENON_API void simple_save(Session& session, const std::string& folder,
                           const std::map<std::string, Output>& inputs,
                           const std::map<std::string, Output>& outputs,
                           const Operation& main_op = {}, Location where = Location::current());

}  // namespace saved_model
}  // namespace tenon

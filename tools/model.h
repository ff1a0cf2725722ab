// A model that TensorFlow wrote, in a graph and a session of its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tenon/tenon.h"

namespace tenon::tool {

struct ModelSource {
  std::string path = {};  // a graph (.pb), a MetaGraph (.meta), or a SavedModel's folder or file
  std::string checkpoint = {};
  std::vector<std::string> tags = {"serve"};     // of a SavedModel
  std::vector<std::string> elements = {};        // what must be there
  bool strict = false;                           // all must be there
  std::map<std::string, Tensor> stand_ins = {};  // what is fed needn't be computed
};

class Model {
 public:
  explicit Model(const ModelSource& source);

  const Graph& graph() const { return graph_; }
  Session& session() { return *session_; }
  const std::map<std::string, saved_model::Signature>& signatures() const { return signatures_; }
  // What is fed for a tensor of that name.
  Output key_of(const std::string& name) const;
  Output tensor(const std::string& name) const;
  std::vector<Variable> variables() const;

 private:
  Graph graph_;
  std::optional<Session> session_;
  std::map<std::string, Output> stand_ins_;
  std::map<std::string, saved_model::Signature> signatures_;
};

// "a,b" as a and b.
std::vector<std::string> words_of(const std::string& list);

}  // namespace tenon::tool

#include "tools/model.h"

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace tenon::tool {

namespace fs = std::filesystem;

Model::Model(const ModelSource& source) {
  const ScopeGuard as_default = graph_.as_default();
  session_.emplace(graph_);
  for (const auto& [name, value] : source.stand_ins) {
    stand_ins_[name] = placeholder(value.dtype(), value.shape(), {.name = "fed"});
  }
  const train::ImportMetaGraphOptions options = {
      .return_elements = source.elements, .strict = source.strict, .input_map = stand_ins_};
  // No line of this program's stands in messages.
  const fs::path file(source.path);
  std::optional<train::Saver> saver;
  if (fs::is_directory(file) || file.filename() == "saved_model.pb") {
    auto model = saved_model::load(*session_, source.tags, source.path, options, Location{});
    signatures_ = std::move(model.signatures);
    saver = std::move(model.saver);
  } else if (file.extension() == ".meta") {
    saver = train::import_meta_graph(source.path, options, Location{}).saver;
  } else {
    import_graph_def(source.path,
                     {.name = "",
                      .input_map = stand_ins_,
                      .return_elements = source.elements,
                      .strict = source.strict},
                     Location{});
  }
  if (saver && !source.checkpoint.empty()) saver->restore(*session_, source.checkpoint, {}, {});
}

Output Model::key_of(const std::string& name) const {
  const auto stand_in = stand_ins_.find(name);
  return stand_in == stand_ins_.end() ? tensor(name) : stand_in->second;
}

Output Model::tensor(const std::string& name) const {
  return graph_.tensor(name.find(':') == std::string::npos ? name + ":0" : name);
}

std::vector<Variable> Model::variables() const {
  const ScopeGuard as_default = graph_.as_default();
  return global_variables();
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

}  // namespace tenon::tool

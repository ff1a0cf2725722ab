// tenon run: a model that TensorFlow wrote, run once for the tensors that are asked for.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tools/arguments.h"
#include "tools/commands.h"

namespace tenon::tool {

namespace {

namespace fs = std::filesystem;

// In npz files '|' stands for the '/' of names.
std::string replaced(std::string text, char from, char to) {
  for (char& letter : text) letter = letter == from ? to : letter;
  return text;
}

std::vector<std::string> words_of(const std::string& list) {
  std::vector<std::string> words;
  std::istringstream stream(list);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

std::map<std::string, Tensor> read_npz(const std::string& path) {
  std::map<std::string, Tensor> tensors;
  const train::CheckpointReader reader(path);
  for (const train::StoredVariable& variable : reader.variables()) {
    tensors[replaced(variable.name, '|', '/')] = reader.get_tensor(variable.name);
  }
  return tensors;
}

void write_npz(const std::string& path, const std::map<std::string, Tensor>& tensors) {
  std::vector<train::StoredVariable> variables;
  for (const auto& [name, tensor] : tensors) {
    variables.push_back(
        {.name = replaced(name, '/', '|'), .dtype = tensor.dtype(), .shape = tensor.shape()});
  }
  train::CheckpointWriter writer(path, variables);
  for (const auto& [name, tensor] : tensors) writer.add(replaced(name, '/', '|'), tensor);
  writer.finish();
}

// A model in a graph of its own.
class Model {
 public:
  Model(const std::string& path, const std::string& checkpoint,
        const std::vector<std::string>& elements, const std::map<std::string, Tensor>& feeds)
      : feeds_(feeds) {
    try {
      import(path, checkpoint, elements, {});
    } catch (const UnimplementedError&) {
      // What is fed needn't be computed.
      graph_ = Graph();
      import(path, checkpoint, elements, feeds);
    }
  }

  std::string tensor_name(const std::string& name, bool is_input, const std::string& key) const {
    if (key.empty()) return name;
    const auto found = signatures_.find(key);
    if (found == signatures_.end()) {
      throw UsageError("the model has no signature " + key);
    }
    const auto& names = is_input ? found->second.inputs : found->second.outputs;
    const auto at = names.find(name);
    return at == names.end() ? name : at->second;
  }

  Session& session() { return *session_; }
  Output tensor(const std::string& name) const {
    return graph_.tensor(name.find(':') == std::string::npos ? name + ":0" : name);
  }
  Operation operation(const std::string& name) const { return graph_.operation(name); }
  Feeds feeds(const std::string& signature) const {
    Feeds all;
    for (const auto& [name, value] : feeds_) {
      const std::string key = tensor_name(name, true, signature);
      const auto stand_in = stand_ins_.find(key);
      all.push_back({stand_in == stand_ins_.end() ? tensor(key) : stand_in->second, value});
    }
    return all;
  }
  std::vector<Variable> variables() const {
    const ScopeGuard as_default = graph_.as_default();
    return global_variables();
  }

 private:
  void import(const std::string& path, const std::string& checkpoint,
              const std::vector<std::string>& elements,
              const std::map<std::string, Tensor>& stand_ins) {
    const ScopeGuard as_default = graph_.as_default();
    session_.emplace(graph_);
    stand_ins_.clear();
    for (const auto& [name, value] : stand_ins) {
      stand_ins_[name] = placeholder(value.dtype(), value.shape(), {.name = "fed"});
    }
    const fs::path file(path);
    if (fs::is_directory(file) || file.filename() == "saved_model.pb") {
      const train::ImportMetaGraphOptions options = {.return_elements = elements,
                                                     .input_map = stand_ins_};
      auto model = saved_model::load(*session_, {"serve"}, path, options);
      signatures_ = model.signatures;
      if (!checkpoint.empty()) model.saver.restore(*session_, checkpoint);
    } else if (file.extension() == ".meta") {
      auto model =
          train::import_meta_graph(path, {.return_elements = elements, .input_map = stand_ins_});
      if (!checkpoint.empty()) model.saver.restore(*session_, checkpoint);
    } else {
      import_graph_def(
          path,
          {.name = "", .input_map = stand_ins_, .return_elements = elements, .strict = false});
    }
  }

  std::map<std::string, Tensor> feeds_;
  Graph graph_;
  std::optional<Session> session_;
  std::map<std::string, Output> stand_ins_;
  std::map<std::string, saved_model::Signature> signatures_;
};

std::map<std::string, Tensor> run_fetches(Model& model, const std::vector<std::string>& names,
                                          const std::string& signature, int repeat) {
  std::vector<Fetch> fetches;
  for (const std::string& name : names) {
    fetches.emplace_back(model.tensor(model.tensor_name(name, false, signature)));
  }
  const Feeds feeds = model.feeds(signature);
  std::vector<Tensor> values;
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    values = model.session().run(std::span<const Fetch>(fetches), feeds);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (repeat > 1) std::cerr << "run " << i + 1 << ": " << took.count() << " s\n";
  }
  std::map<std::string, Tensor> answers;
  for (size_t i = 0; i < names.size(); ++i) answers[names[i]] = values[i];
  return answers;
}

}  // namespace

int run_model(const std::vector<std::string>& all) {
  const Arguments arguments(all, {{"--checkpoint", 1},
                                  {"--signature", 1},
                                  {"--feed", 1},
                                  {"--fetch", 1},
                                  {"--out", 1},
                                  {"--target", 1},
                                  {"--variables", 1},
                                  {"--repeat", 1}});
  arguments.require_words(1, "MODEL");
  const std::string signature = arguments.value("--signature"), out = arguments.value("--out");
  const std::vector<std::string> fetches = words_of(arguments.value("--fetch"));
  if (!fetches.empty() && out.empty()) throw UsageError("--fetch needs --out");
  std::map<std::string, Tensor> feeds;
  if (arguments.has("--feed")) feeds = read_npz(arguments.value("--feed"));
  std::vector<std::string> elements;
  if (signature.empty()) elements = fetches;
  const std::string target = arguments.value("--target");
  if (!target.empty()) elements.push_back(target);

  Model model(arguments.words()[0], arguments.value("--checkpoint"), elements, feeds);
  const std::string repeat = arguments.value("--repeat");
  if (!fetches.empty()) {
    write_npz(out, run_fetches(model, fetches, signature, repeat.empty() ? 1 : std::stoi(repeat)));
  }
  if (target.empty()) return 0;
  model.session().run(model.operation(target), model.feeds(signature));
  if (!arguments.has("--variables")) return 0;
  std::map<std::string, Tensor> values;
  for (const Variable& variable : model.variables()) {
    values[variable.op().name()] = model.session().run(variable);
  }
  write_npz(arguments.value("--variables"), values);
  return 0;
}

}  // namespace tenon::tool

// tenon run: a model that TensorFlow wrote, run once for the tensors that are asked for.
#include <chrono>
#include <iostream>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tenon/tenon.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/model.h"

namespace tenon::tool {

namespace {

// In npz files '|' stands for the '/' of names.
std::string replaced(std::string text, char from, char to) {
  for (char& letter : text) letter = letter == from ? to : letter;
  return text;
}

std::map<std::string, Tensor> read_npz(const std::string& path) {
  std::map<std::string, Tensor> tensors;
  const train::CheckpointReader reader(path, {});
  for (const train::StoredVariable& variable : reader.variables()) {
    tensors[replaced(variable.name, '|', '/')] = reader.get_tensor(variable.name, {});
  }
  return tensors;
}

void write_npz(const std::string& path, const std::map<std::string, Tensor>& tensors) {
  std::vector<train::StoredVariable> variables;
  for (const auto& [name, tensor] : tensors) {
    variables.push_back(
        {.name = replaced(name, '/', '|'), .dtype = tensor.dtype(), .shape = tensor.shape()});
  }
  train::CheckpointWriter writer(path, variables, {});
  for (const auto& [name, tensor] : tensors) writer.add(replaced(name, '/', '|'), tensor, {});
  writer.finish({});
}

// What is fed needn't be computed, where Tenon can't.
Model load(ModelSource source, const std::map<std::string, Tensor>& feeds) {
  try {
    return Model(source);
  } catch (const UnimplementedError&) {
    source.stand_ins = feeds;
    return Model(source);
  }
}

// A run's names: those of tensors, or what a signature calls them.
class Names {
 public:
  Names(const Model& model, const std::string& signature) {
    if (signature.empty()) return;
    const auto found = model.signatures().find(signature);
    if (found == model.signatures().end()) {
      throw UsageError("the model has no signature " + signature);
    }
    signature_ = found->second;
  }

  std::string of_input(const std::string& name) const { return tensor(signature_.inputs, name); }
  std::string of_output(const std::string& name) const { return tensor(signature_.outputs, name); }

 private:
  static std::string tensor(const std::map<std::string, std::string>& names,
                            const std::string& name) {
    const auto at = names.find(name);
    return at == names.end() ? name : at->second;
  }

  saved_model::Signature signature_;
};

std::map<std::string, Tensor> run_fetches(Model& model, const std::vector<std::string>& asked,
                                          const Names& names, const Feeds& feeds, int repeat) {
  std::vector<Fetch> fetches;
  for (const std::string& name : asked) {
    fetches.emplace_back(model.tensor(names.of_output(name)));
  }
  std::vector<Tensor> values;
  for (int i = 0; i < repeat; ++i) {
    const auto start = std::chrono::steady_clock::now();
    values = model.session().run(std::span<const Fetch>(fetches), feeds);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (repeat > 1) std::cerr << "run " << i + 1 << ": " << took.count() << " s\n";
  }
  std::map<std::string, Tensor> answers;
  for (size_t i = 0; i < asked.size(); ++i) answers[asked[i]] = values[i];
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
  std::map<std::string, Tensor> fed;
  if (arguments.has("--feed")) fed = read_npz(arguments.value("--feed"));
  std::vector<std::string> elements;
  if (signature.empty()) elements = fetches;
  const std::string target = arguments.value("--target");
  if (!target.empty()) elements.push_back(target);

  Model model = load({.path = arguments.words()[0],
                      .checkpoint = arguments.value("--checkpoint"),
                      .elements = elements},
                     fed);
  const Names names(model, signature);
  Feeds feeds;
  for (const auto& [name, value] : fed) {
    feeds.push_back({model.key_of(names.of_input(name)), value});
  }
  const std::string repeat = arguments.value("--repeat");
  if (!fetches.empty()) {
    write_npz(out,
              run_fetches(model, fetches, names, feeds, repeat.empty() ? 1 : std::stoi(repeat)));
  }
  if (target.empty()) return 0;
  model.session().run(model.graph().operation(target), feeds);
  if (!arguments.has("--variables")) return 0;
  std::map<std::string, Tensor> values;
  for (const Variable& variable : model.variables()) {
    values[variable.op().name()] = model.session().run(variable);
  }
  write_npz(arguments.value("--variables"), values);
  return 0;
}

}  // namespace tenon::tool

// tenon convert, tenon rename: a checkpoint written anew, in another format or under other names.
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tenon/checkpoint.h"
#include "tenon/error.h"
#include "tenon/saver.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/progress.h"

namespace tenon::tool {

namespace {

using train::CheckpointReader;
using train::CheckpointWriter;
using train::StoredVariable;

// Copies every tensor, one at a time. `names` gives the new name of each.
void copy(const std::string& from, const std::string& to,
          const std::map<std::string, std::string>& names) {
  const CheckpointReader reader(from, {});
  std::vector<StoredVariable> variables = reader.variables();
  uint64_t bytes = 0;
  for (StoredVariable& variable : variables) {
    variable.name = names.at(variable.name);
    bytes += static_cast<uint64_t>(variable.shape.element_count()) * size_of(variable.dtype);
  }
  CheckpointWriter writer(to, variables, {});
  Progress progress(bytes);
  for (size_t i = 0; i < variables.size(); ++i) {
    const Tensor tensor = reader.get_tensor(reader.variables()[i].name, {});
    writer.add(variables[i].name, tensor, {});
    progress.advance(tensor.bytes());
  }
  writer.finish({});
}

}  // namespace

int convert(const std::vector<std::string>& all) {
  const Arguments arguments(all, {});
  arguments.require_words(2, "FROM or TO");
  std::map<std::string, std::string> names;
  for (const StoredVariable& variable : train::list_variables(arguments.words()[0])) {
    names[variable.name] = variable.name;
  }
  copy(arguments.words()[0], arguments.words()[1], names);
  return 0;
}

int rename(const std::vector<std::string>& all) {
  const Arguments arguments(all, {{"--name", 2}, {"--pattern", 2}});
  arguments.require_words(2, "FROM or TO");
  std::map<std::string, std::string> chosen, names, taken;
  for (const auto& pair : arguments.values("--name")) chosen[pair[0]] = pair[1];
  std::vector<std::pair<std::string, std::string>> rules;
  for (const auto& pair : arguments.values("--pattern")) rules.emplace_back(pair[0], pair[1]);
  try {
    train::renamed({}, rules);  // before the checkpoint is read
  } catch (const ValueError& error) {
    throw UsageError(error.what());
  }
  for (const StoredVariable& variable : train::list_variables(arguments.words()[0])) {
    std::string name = variable.name;
    if (const auto one = chosen.find(name); one != chosen.end()) {
      name = one->second;
      chosen.erase(one);
    } else {
      name = train::renamed({name}, rules)[0];
    }
    if (const auto [other, is_new] = taken.emplace(name, variable.name); !is_new) {
      throw ValueError(ErrorKind::bad_argument,
                       other->second + " and " + variable.name + " would both be called " + name);
    }
    names[variable.name] = name;
  }
  if (!chosen.empty()) {
    throw NotFoundError(ErrorKind::not_in_checkpoint,
                        "there is no tensor " + chosen.begin()->first + " to rename");
  }
  copy(arguments.words()[0], arguments.words()[1], names);
  return 0;
}

}  // namespace tenon::tool

// tenon inspect: what is in a checkpoint.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tenon/checkpoint.h"
#include "tools/arguments.h"
#include "tools/commands.h"
#include "tools/tensor_values.h"

namespace tenon::tool {

namespace {

using train::CheckpointReader;
using train::StoredVariable;

struct Wanted {
  std::string path, tensor;
  bool values = false, statistics = false, json = false;
};

Wanted wanted(const std::vector<std::string>& all) {
  const Arguments arguments(all, {{"--tensor", 1},
                                  {"--stats"},
                                  {"--json"},
                                  {"--file_name", 1},
                                  {"--tensor_name", 1},
                                  {"--all_tensors"},
                                  {"--all_tensor_names"}});
  Wanted wanted;
  wanted.path = arguments.value("--file_name");
  arguments.require_words(wanted.path.empty() ? 1 : 0, "PATH");
  if (wanted.path.empty()) wanted.path = arguments.words()[0];
  wanted.tensor = arguments.value("--tensor") + arguments.value("--tensor_name");
  wanted.statistics = arguments.has("--stats");
  wanted.json = arguments.has("--json");
  wanted.values = !wanted.json && (!wanted.tensor.empty() || arguments.has("--all_tensors"));
  return wanted;
}

// Of one that needs not be read, by its shape.
uint64_t bytes_of(const CheckpointReader& reader, const StoredVariable& variable) {
  if (variable.dtype == DType::string) return value_bytes(reader.get_tensor(variable.name, {}));
  return static_cast<uint64_t>(variable.shape.element_count()) * size_of(variable.dtype);
}

nlohmann::ordered_json finite(double x) {
  return std::isfinite(x) ? nlohmann::ordered_json(x) : nlohmann::ordered_json(nullptr);
}

bool has_numbers(const StoredVariable& variable) {
  return variable.dtype != DType::string && variable.dtype != DType::invalid;
}

void print_json(const CheckpointReader& reader, const std::vector<StoredVariable>& variables,
                bool with_statistics) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const StoredVariable& variable : variables) {
    const auto sizes = variable.shape.sizes();
    nlohmann::ordered_json about = {{"name", variable.name},
                                    {"dtype", variable.dtype_name},
                                    {"shape", std::vector<int64_t>(sizes.begin(), sizes.end())},
                                    {"bytes", bytes_of(reader, variable)}};
    if (with_statistics && has_numbers(variable)) {
      const Statistics statistics = statistics_of(reader.get_tensor(variable.name, {}));
      about["min"] = finite(statistics.min);
      about["max"] = finite(statistics.max);
      about["mean"] = finite(statistics.mean);
      about["l2"] = finite(statistics.l2);
    }
    tensors.push_back(std::move(about));
  }
  using Handler = nlohmann::ordered_json::error_handler_t;
  std::cout << nlohmann::ordered_json{{"tensors", std::move(tensors)}}.dump(-1, ' ', false,
                                                                            Handler::replace)
            << '\n';
}

void print_text(const CheckpointReader& reader, const std::vector<StoredVariable>& variables,
                const Wanted& wanted) {
  size_t name_width = 0, shape_width = 0;
  uint64_t bytes = 0, elements = 0;
  for (const StoredVariable& variable : variables) {
    name_width = std::max(name_width, variable.name.size());
    shape_width = std::max(shape_width, variable.shape.to_string().size());
  }
  for (const StoredVariable& variable : variables) {
    const uint64_t size = bytes_of(reader, variable);
    bytes += size;
    elements += static_cast<uint64_t>(variable.shape.element_count());
    std::cout << std::left << std::setw(static_cast<int>(name_width)) << variable.name << "  "
              << std::setw(8) << variable.dtype_name << "  "
              << std::setw(static_cast<int>(shape_width)) << variable.shape.to_string() << "  "
              << size << " bytes";
    if (wanted.statistics && has_numbers(variable)) {
      const Statistics statistics = statistics_of(reader.get_tensor(variable.name, {}));
      std::cout << "  min " << statistics.min << ", max " << statistics.max << ", mean "
                << statistics.mean << ", l2 " << statistics.l2;
    }
    std::cout << '\n';
    if (wanted.values && variable.dtype != DType::invalid) {
      std::cout << reader.get_tensor(variable.name, {}) << '\n';
    }
  }
  std::cout << variables.size() << " tensors, " << elements << " elements, " << bytes << " bytes\n";
}

}  // namespace

int inspect(const std::vector<std::string>& arguments) {
  const Wanted asked = wanted(arguments);
  const CheckpointReader reader(asked.path, {});
  std::vector<StoredVariable> variables;
  for (const StoredVariable& variable : reader.variables()) {
    if (asked.tensor.empty() || variable.name == asked.tensor) variables.push_back(variable);
  }
  if (variables.empty() && !asked.tensor.empty()) reader.get_tensor(asked.tensor, {});  // throws
  if (asked.json) {
    print_json(reader, variables, asked.statistics);
  } else {
    print_text(reader, variables, asked);
  }
  return 0;
}

}  // namespace tenon::tool

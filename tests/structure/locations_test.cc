// No public function loses the caller's line: what makes operations takes a Location, or arguments
// that carry one; what takes a path takes a Location.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

// What answers something of a graph and makes nothing.
const std::set<std::string> kMakeNothing = {"op",
                                            "output",
                                            "input",
                                            "tensor",
                                            "operation",
                                            "variable",
                                            "endpoint",  // handles
                                            "from_tensor",
                                            "initializer",
                                            "initial_value",
                                            "handle",
                                            "graph_element",
                                            "get_global_step",
                                            "average",
                                            "get_slot",
                                            "get_non_slot",
                                            "no_regularizer",
                                            "zip"};

// What optimizers call inside of minimize and apply_gradients, whose line it is then; and layers
// inside of their own call: an activation, say.
const std::set<std::string> kInsideOfOthers = {
    "apply_dense", "apply_sparse", "finish",     "zeros_slot", "slot_with_initializer",
    "cast_to",     "read",         "write",      "update",     "step",
    "decay",       "call",         "call_fused", "add_weight", "operator"};

std::string without_comments(const fs::path& header) {
  std::ifstream file(header);
  std::ostringstream code;
  for (std::string line; std::getline(file, line);) code << line.substr(0, line.find("//")) << ' ';
  return code.str();
}

TEST(LocationsTest, WhatMakesOperationsKnowsTheCallersLine) {
  static const std::regex function(
      R"(\b(Output|Operation|Variable|std::vector<Output>|Moments|Qr|ClippedByGlobalNorm|Metric)"
      R"(|SparseTensor|FilledRows|Unique\w*|CellResult|State|\w*RnnResult|GradientsAndVariables)"
      R"(|AccumulatedGradients|ImportedElements|ImportedMetaGraph|LoadedModel))"
      R"(\s+(\w+|operator\S+)\(((?:[^;{}]|\{[^{}]*\})*)\)\s*(const)?\s*(override|noexcept|= 0)?\s*[;{])");
  static const std::regex carries_a_line(
      R"(\b(Location|Input|Inputs|Integers|GraphOperand|OtherOperand|Index)\b)");
  int found = 0;
  for (const auto& entry : fs::directory_iterator(TENON_SOURCE_DIR "/core/include/tenon")) {
    const std::string code = without_comments(entry.path());
    for (std::sregex_iterator match(code.begin(), code.end(), function), end; match != end;
         ++match) {
      const std::string name = (*match)[2], parameters = (*match)[3];
      if (kMakeNothing.contains(name) || kInsideOfOthers.contains(name)) continue;
      ++found;
      EXPECT_TRUE(std::regex_search(parameters, carries_a_line))
          << entry.path().filename() << ": " << name << '(' << parameters << ')';
    }
  }
  EXPECT_GT(found, 150);
}

TEST(LocationsTest, WhatTakesAPathKnowsTheCallersLine) {
  static const std::regex function(R"((\w+)\(((?:[^;{}()]|\{[^{}]*\}|\([^()]*\))*)\))");
  static const std::regex takes_a_path(
      R"(std::string(_view|\s+const\s*&|\s*&)?\s+(path|folder|prefix|logdir|checkpoint_dir)\b)");
  int found = 0;
  for (const auto& entry : fs::directory_iterator(TENON_SOURCE_DIR "/core/include/tenon")) {
    const std::string code = without_comments(entry.path());
    for (std::sregex_iterator match(code.begin(), code.end(), function), end; match != end;
         ++match) {
      const std::string parameters = (*match)[2];
      if (!std::regex_search(parameters, takes_a_path)) continue;
      ++found;
      EXPECT_NE(parameters.find("Location where"), std::string::npos)
          << entry.path().filename() << ": " << (*match)[1] << '(' << parameters << ')';
    }
  }
  EXPECT_GE(found, 25);
}

}  // namespace

// What is known of an operation is said where it is defined: its name stands nowhere else but where
// it is made.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/graph/op_def.h"

namespace {

namespace fs = std::filesystem;

std::set<std::string> op_names() {
  const std::vector<std::string> names = tenon::internal::OpRegistry::global().names();
  return {names.begin(), names.end()};
}

// The source without its comments.
std::string code(const fs::path& path) {
  std::ifstream file(path);
  std::string text;
  for (std::string line; std::getline(file, line);) text += line.substr(0, line.find("//")) + "\n";
  return text;
}

// Whether a statement makes an operation or names one that it makes: "Const" and "Assign" are names
// of operations and the default names of what is made.
bool makes(const std::string& statement) {
  static constexpr std::array<std::string_view, 13> kMakers = {"write_reference(",
                                                               "return update(",
                                                               "return scatter(",
                                                               "return scatter_rows(",
                                                               "add_operation(",
                                                               "add_node(",
                                                               "add_output(",
                                                               "make_constant(",
                                                               "as_output(",
                                                               ".find(\"Const\"",
                                                               "enter_name_scope(",
                                                               ".name = \"Assign\"",
                                                               "std::string_view name ="};
  return std::any_of(kMakers.begin(), kMakers.end(), [&](std::string_view maker) {
    return statement.find(maker) != std::string::npos;
  });
}

// The names of operations that statements of this code hold without making one.
std::vector<std::string> names_in(const std::string& code, const std::set<std::string>& names) {
  static const std::regex literal("\"([A-Za-z0-9_]+)\"");
  std::vector<std::string> found;
  std::istringstream statements(code);
  for (std::string statement; std::getline(statements, statement, ';');) {
    if (makes(statement)) continue;
    for (auto at = std::sregex_iterator(statement.begin(), statement.end(), literal);
         at != std::sregex_iterator(); ++at) {
      if (names.contains((*at)[1])) found.push_back((*at)[1]);
    }
  }
  return found;
}

TEST(OpNamesTest, StandOnlyWhereOperationsAreDefinedOrMade) {
  const std::set<std::string> names = op_names();
  ASSERT_GT(names.size(), 100u);
  for (const char* folder : {"plan", "session", "graph", "variables"}) {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(TENON_SOURCE_DIR) / "core" / folder)) {
      ++files;
      for (const std::string& name : names_in(code(entry.path()), names)) {
        ADD_FAILURE() << entry.path() << " names the operation " << name
                      << ": say what is asked of it in its OpDef";
      }
    }
    EXPECT_GT(files, 4) << folder;
  }
}

TEST(OpNamesTest, AreSeenInComparisonsAndLists) {
  const std::set<std::string> names = op_names();
  EXPECT_EQ(names_in("if (type == \"MatMul\") return;", names), std::vector<std::string>{"MatMul"});
  EXPECT_EQ(names_in("x(); kList = {\"Relu\", \"other\"};", names),
            std::vector<std::string>{"Relu"});
  EXPECT_TRUE(names_in("return add_output(\"MatMul\", {x});", names).empty());
}

}  // namespace

// The functions of a GraphDef's library, as graphs.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/by_name.h"
#include "core/io/graph_def.h"

namespace tenon::internal {

struct LibraryFunction {
  std::vector<std::string> arguments = {};       // by add_argument
  std::set<std::string, std::less<>> used = {};  // those that nodes take
  GraphDef graph = {};                           // whose inputs are arguments, or "node:1"
  std::vector<std::string> returns = {};         // likewise
  std::vector<std::string> targets = {};         // operations that run besides

  void add_argument(std::string_view name);
  // Which argument that is; -1: none.
  int argument(std::string_view name) const;
  // Whether what it is given as an argument comes out as the result of that number.
  bool hands_on(size_t i) const {
    return i < returns.size() && argument(returns[i]) == static_cast<int>(i);
  }

 private:
  ByName<int> numbers_ = {};  // of arguments
};

class FunctionLibrary {
 public:
  // Of a graph that outlives this.
  explicit FunctionLibrary(const GraphDef& graph);
  FunctionLibrary(const FunctionLibrary&) = delete;
  FunctionLibrary& operator=(const FunctionLibrary&) = delete;

  // Null where there is none.
  const LibraryFunction* find(std::string_view name) const;
  // Whether the function is looked at for the first time.
  bool look_at(std::string_view name) const { return looked_at_.insert(name).second; }
  // A call adds the function's nodes once more. Throws ValueError (bad_argument) where calls within
  // calls add too many.
  void count_call(std::string_view name) const;

 private:
  mutable std::set<std::string_view> looked_at_;  // texts of the file's
  mutable size_t added_ = 0;                      // nodes
  std::deque<std::string> texts_;                 // that the graphs view
  std::map<std::string_view, LibraryFunction> functions_;
};

}  // namespace tenon::internal

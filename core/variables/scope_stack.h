// The variable scope that is open on a thread, and how often each name was opened.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/graph/graph_state.h"
#include "tenon/variable_creator.h"
#include "tenon/variable_scope.h"

namespace tenon::internal {

class ReuseLog;

// What a VariableScope handle points to.
struct ScopeState {
  std::string name = {};
  std::string original_name_scope = {};
  Reuse reuse = {};
  std::string reuse_set_by = {};  // the scope that switched reuse on, and where
  Location reuse_set_at = {};
  std::shared_ptr<ReuseLog> reuse_log = {};  // of AUTO_REUSE
  Initializer initializer = {};
  Regularizer regularizer = {};
  CachingDevice caching_device = {};
  Partitioner partitioner = {};
  CustomGetter custom_getter = {};
  DType dtype = float32;
  std::optional<bool> use_resource = {};
  Constraint constraint = {};
};

// How many scopes of each name are counted, for default names. Resetting what lies below a scope
// touches nothing else, and a jump undoes what it did instead of keeping a copy of all counts.
class ScopeCounts {
 public:
  void open(const std::string& name);
  // Leaving the scope `name`: everything below it is counted from zero again.
  void reset_below(const std::string& name);
  // `prefix` with the smallest number (none, _1, _2, ...) that makes a name not counted.
  std::string unique(const std::string& scope, const std::string& prefix);

  // The changes from begin_jump() on are undone by end_jump of its answer.
  size_t begin_jump();
  void end_jump(size_t mark);

 private:
  struct Entry {
    int count = 0;
    int next_number = 1;  // name_1 ... name_(next_number - 1) are all counted
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  bool counted(const std::string& name) const;
  void keep(const std::string& name, std::optional<Entry> before);

  Entries entries_;
  int jumps_ = 0;
  std::vector<std::pair<std::string, std::optional<Entry>>> undo_;  // while jumps_ > 0
};

// Opens a variable scope that goes with no name scope of its own (_pure_variable_scope): under
// `name`, or that made unique.
std::pair<Context, VariableScope> enter_pure_variable_scope(const std::string& name,
                                                            bool make_unique,
                                                            const CustomGetter& custom_getter);

// The calling thread's own on a graph.
struct ScopeStack {
  std::shared_ptr<ScopeState> current = std::make_shared<ScopeState>();
  ScopeCounts counts = {};
  std::vector<VariableCreator> creators = {};  // the innermost last

  static ScopeStack& of(GraphState& graph) { return graph.thread_extension<ScopeStack>(); }
};

}  // namespace tenon::internal

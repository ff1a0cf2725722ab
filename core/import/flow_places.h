// Where in conditionals and loops the operations of a GraphDef stand, as their edges tell: Switch
// leads into a branch and Merge out of it, Enter into a loop and Exit out of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/import/flow_role.h"
#include "core/import/graph_links.h"

namespace tenon::internal {

struct FlowPlace {
  enum class Kind : uint8_t { kGraph, kBranch, kFrame, kCondition, kRound };
  Kind kind = Kind::kGraph;
  const FlowPlace* outer = nullptr;
  size_t number = 0;   // of a branch: that of its decision; of a frame: its own
  bool holds = false;  // of a branch: whether it is the one where the predicate holds
  int depth = 0;
};

class FlowPlaces {
 public:
  // A predicate, and where it decides. Several conditionals, one after the other, may hang on one.
  struct Decision {
    const FlowPlace* place = nullptr;
    GraphLinks::Edge predicate = {};
  };
  struct Where {
    const FlowPlace* place = nullptr;  // null: it can't be told, and `trouble` is why
    // By decision: how many of its conditionals came to an end before this, one after the other.
    std::map<size_t, int> stages = {};
    size_t trouble = 0;
  };
  struct Of : Where {
    FlowRole role = FlowRole::kNone;
    size_t number = 0;      // of a Merge: its decision; of an Enter: its frame
    size_t true_input = 0;  // of a Merge: which of its inputs has what holds
  };

  explicit FlowPlaces(const GraphLinks& links);

  const Of& operator[](size_t node) const { return of_[node]; }
  const std::vector<Decision>& decisions() const { return decisions_; }
  const FlowPlace* graph() const { return graph_; }
  // Why a node's place can't be told.
  const std::string& trouble_of(size_t node) const { return troubles_[of_[node].trouble]; }
  // Whether control flow is in the graph at all.
  bool any() const { return any_; }

 private:
  // A loop: where it stands, as the last pass over the graph has told.
  struct Frame {
    Where now = {}, next = {};
  };

  void find_roles();
  // Whether more is known of loops.
  bool pass();
  size_t frame_of(size_t enter);
  GraphLinks::Edge decider(GraphLinks::Edge predicate) const;
  void visit(size_t index);
  void merge(size_t index);
  void settle(size_t index, Where where);
  void settle_in_loop(size_t index, Where& where);
  // Where what a node hands out may be used; output -1: where it may be waited for.
  Where of_value(size_t node, int output);
  Where joined(size_t index);
  void include(Where& where, Where other, size_t index);
  const FlowPlace* child(const FlowPlace* outer, FlowPlace::Kind kind, size_t number, bool holds);
  size_t decision(const FlowPlace* place, const GraphLinks::Edge& predicate);
  Where troubled(size_t index, const std::string& why);

  const GraphLinks& links_;
  std::vector<Of> of_;
  std::vector<Frame> frames_;
  std::map<std::string, size_t> frame_numbers_;
  std::vector<Decision> decisions_;
  std::map<std::tuple<const FlowPlace*, size_t, int, const Output*>, size_t> decision_numbers_;
  std::deque<FlowPlace> places_;
  std::map<std::tuple<const FlowPlace*, FlowPlace::Kind, size_t, bool>, const FlowPlace*> children_;
  std::vector<std::string> troubles_;
  const FlowPlace* graph_ = nullptr;
  bool any_ = false;
};

// Whether `place` is `outer` or somewhere inside.
inline bool is_within(const FlowPlace* place, const FlowPlace* outer) {
  while (place->depth > outer->depth) place = place->outer;
  return place == outer;
}

}  // namespace tenon::internal

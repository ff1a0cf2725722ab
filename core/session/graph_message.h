// Parts of a graph on their way to the task that runs them.
//
// A task gets each operation that is placed on it once, with what these take: constants, wherever
// they were placed, and for what other tasks make placeholders, to which it is fed. An operation
// never moves, so that whatever runs ask for later fits what is there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/graph/graph_state.h"
#include "core/transport/message.h"

namespace tenon::internal {

// What one task has been sent of a session's graph. The caller holds the graph's lock.
class SentGraph {
 public:
  struct Places {
    std::function<bool(const Node&)> is_there;              // whether an operation is the task's
    std::function<const std::string&(const Node&)> device;  // its name
    std::string host;                                       // the name of the task's CPU
  };

  // What these operations need and the task doesn't have yet. Throws UnimplementedError
  // (bad_placement) for conditionals, loops and functions of the program's among them.
  void add(Message& message, const std::vector<const Node*>& ops, const Places& places);

 private:
  struct Entry {
    const Node* node = nullptr;
    int output = -1;  // of a placeholder's; -1: the operation itself
  };
  void collect(const Node& root, const Places& places, std::vector<Entry>& entries);
  static void write(Message& message, const Node& node, const Places& places);

  std::set<int> nodes_;                      // by number
  std::set<std::pair<int, int>> stand_ins_;  // number and output
};

// The same graph where it is run. The caller sees to it that one thread at a time uses it.
class ReceivedGraph {
 public:
  const std::shared_ptr<GraphState>& graph() const { return graph_; }
  void read(MessageReader& reader);

  Node* node(int number) const;
  Endpoint endpoint(int number, int output) const;

 private:
  void add_stand_in(MessageReader& reader);
  void add_node(MessageReader& reader);

  const std::shared_ptr<GraphState> graph_ = std::make_shared<GraphState>();
  std::map<int, Node*> nodes_;
  std::map<std::pair<int, int>, Node*> stand_ins_;
};

}  // namespace tenon::internal

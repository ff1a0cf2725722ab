// The names of a graph's operations and scopes, whatever their case.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::internal {

class Node;

// What is known of a name. Entries never move and never go.
struct NameEntry {
  std::string_view folded;  // in lower case
  size_t hash;
  int askings = 0;            // how often it was asked for; 0: not in use
  Node* last_node = nullptr;  // an operation of this name; the others by its same_name
};

// A hash table of names, each given in two parts: "<scope>/<name>", or `name` when the scope is "".
// Not to be used by several threads at once.
class NameTable {
 public:
  NameEntry& at(std::string_view scope, std::string_view name);  // made if there is none
  NameEntry& at(std::string_view name) { return at({}, name); }
  NameEntry* find(std::string_view name);  // null when there is none

 private:
  void fold(std::string_view scope, std::string_view name);  // into folded_
  NameEntry** slot_of(size_t hash);                          // of folded_, or a free one
  void grow();

  std::pmr::monotonic_buffer_resource memory_;                   // of entries and their names
  std::vector<NameEntry*> slots_ = std::vector<NameEntry*>(64);  // a power of two of them
  size_t count_ = 0;
  std::string folded_;  // kept for its memory
};

}  // namespace tenon::internal

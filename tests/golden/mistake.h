// Mistakes that the replayer answers itself.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace replay {

// A mistake that C++'s types leave no way to make; the replayer answers its kind itself.
struct Mistake {
  std::string kind;
  std::string type;
  std::string message;
};

// One that no golden program makes: a step that isn't one of FORMAT.md's.
inline Mistake not_a_program(const std::string& message) {
  return {"bad_program", "NotAProgram", message};
}

// What a table holds under a name; a program may name only what there is.
template <typename Value>
const Value& chosen(const std::map<std::string, Value>& table, const std::string& name) {
  const auto found = table.find(name);
  if (found == table.end()) throw not_a_program("there is no " + name);
  return found->second;
}

// An item of a list that a program gives, which may be too short.
template <typename List>
const auto& item_at(const List& list, size_t index) {
  if (index >= list.size()) {
    throw not_a_program("a list of " + std::to_string(list.size()) + " is too short");
  }
  return list[index];
}

}  // namespace replay

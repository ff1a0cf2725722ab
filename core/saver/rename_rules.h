// Rules that make other names of names.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/graph/name_pattern.h"

namespace tenon::internal {

// Replaces what an expression finds, wherever in a name, as Python's re.sub does.
class RenameRule {
 public:
  // Throws ValueError (bad_argument) where `pattern` is no regular expression or hasn't a group
  // that `replacement` speaks of.
  RenameRule(std::string_view pattern, std::string_view replacement);

  std::string applied_to(const std::string& name) const;

 private:
  // A part of the replacement: a group's text, or one that stands there.
  struct Piece {
    int group = -1;
    std::string text = {};
  };

  class Parser;

  NamePattern pattern_;
  std::vector<Piece> replacement_;
};

// One rule after the other.
class RenameRules {
 public:
  explicit RenameRules(const std::vector<std::pair<std::string, std::string>>& rules);

  std::string applied_to(std::string name) const;

 private:
  std::vector<RenameRule> rules_;
};

}  // namespace tenon::internal

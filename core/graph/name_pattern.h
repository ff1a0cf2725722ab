// Names that a regular expression matches.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}  // namespace re2

namespace tenon::internal {

// A regular expression of Python's (core/graph/python_regex.h says how far). Matching takes time in
// proportion to the name, whatever the expression is.
class NamePattern {
 public:
  // Throws ValueError (bad_argument) for what is no regular expression; `what` begins its message:
  // "The scope".
  NamePattern(std::string_view what, std::string_view pattern);
  ~NamePattern();
  NamePattern(NamePattern&&) noexcept;
  NamePattern& operator=(NamePattern&&) noexcept;

  const std::string& text() const { return pattern_; }
  int group_count() const;                         // without the whole
  int group_named(const std::string& name) const;  // -1: there is none

  // Whether it matches at the start of the name.
  bool matches_start_of(const std::string& name) const;

  // Where it was found: the whole and its groups, as parts of the name. A group that took no part
  // is empty.
  using Groups = std::vector<std::string_view>;
  // Looks for it from `from` on. Nothing is found: no groups.
  Groups find(const std::string& name, size_t from) const;

 private:
  std::string pattern_;
  bool is_plain_;  // a name, of which only the start is to be matched
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace tenon::internal

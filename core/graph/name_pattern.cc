#include "core/graph/name_pattern.h"

#include <re2/re2.h>

#include <cstddef>

#include "core/base/check.h"
#include "core/graph/python_regex.h"

namespace tenon::internal {

NamePattern::NamePattern(std::string_view what, std::string_view pattern)
    : pattern_(pattern),
      is_plain_(pattern.find_first_of("\\^$.|?*+()[]{}") == std::string_view::npos) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  expression_ = std::make_unique<re2::RE2>(re2_syntax(what, pattern), options);
  require<ValueError>(expression_->ok(), ErrorKind::bad_argument, what, " '", pattern,
                      "' is not a regular expression: ", expression_->error(),
                      ". '.', '(' and the like stand for themselves behind a backslash");
}

NamePattern::~NamePattern() = default;
NamePattern::NamePattern(NamePattern&&) noexcept = default;
NamePattern& NamePattern::operator=(NamePattern&&) noexcept = default;

int NamePattern::group_count() const { return expression_->NumberOfCapturingGroups(); }

int NamePattern::group_named(const std::string& name) const {
  const auto& groups = expression_->NamedCapturingGroups();
  const auto found = groups.find(name);
  return found == groups.end() ? -1 : found->second;
}

bool NamePattern::matches_start_of(const std::string& name) const {
  if (is_plain_) return name.starts_with(pattern_);
  return expression_->Match(name, 0, name.size(), re2::RE2::ANCHOR_START, nullptr, 0);
}

NamePattern::Groups NamePattern::find(const std::string& name, size_t from) const {
  std::vector<re2::StringPiece> found(static_cast<size_t>(group_count()) + 1);
  if (!expression_->Match(name, from, name.size(), re2::RE2::UNANCHORED, found.data(),
                          static_cast<int>(found.size()))) {
    return {};
  }
  Groups groups;
  for (const re2::StringPiece& group : found) groups.emplace_back(group.data(), group.size());
  return groups;
}

}  // namespace tenon::internal

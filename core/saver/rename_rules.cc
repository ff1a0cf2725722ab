#include "core/saver/rename_rules.h"

#include <cctype>
#include <cstddef>

#include "core/base/check.h"
#include "core/base/strings.h"

namespace tenon::internal {

// Reads \1, \g<1>, \g<name> and \\ as Python does; and $1, $& and $$, as other tools write them.
class RenameRule::Parser {
 public:
  Parser(const NamePattern& pattern, std::string_view text) : pattern_(pattern), text_(text) {}

  std::vector<Piece> run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '\\') {
        behind_backslash();
      } else if (text_[at_] == '$') {
        behind_dollar();
      } else {
        add_text(text_[at_++]);
      }
    }
    return std::move(pieces_);
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    fail<ValueError>(ErrorKind::bad_argument, "The replacement '", text_, "' of '", pattern_.text(),
                     "' ", why);
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  void add_text(char letter) {
    if (pieces_.empty() || pieces_.back().group >= 0) pieces_.emplace_back();
    pieces_.back().text += letter;
  }

  void add_group(int group) {
    if (group > pattern_.group_count()) {
      refuse(str("speaks of group ", group, "; there are ", pattern_.group_count()));
    }
    pieces_.push_back({.group = group});
  }

  char next() const { return at_ + 1 < text_.size() ? text_[at_ + 1] : '\0'; }

  void behind_backslash() {
    if (next() == '\\') {
      add_text('\\');
      at_ += 2;
    } else if (next() >= '1' && next() <= '9') {
      at_ += 1;
      add_group(number());
    } else if (next() == 'g') {
      named_group();
    } else {
      refuse("has a backslash that means nothing: write \\\\ for one");
    }
  }

  void behind_dollar() {
    if (next() == '$' || next() == '&') {
      next() == '$' ? add_text('$') : add_group(0);
      at_ += 2;
    } else if (is_digit(next())) {
      at_ += 1;
      add_group(number());
    } else {
      add_text(text_[at_++]);
    }
  }

  // Of one digit or two.
  int number() {
    int value = text_[at_++] - '0';
    if (at_ < text_.size() && is_digit(text_[at_])) value = value * 10 + (text_[at_++] - '0');
    return value;
  }

  void named_group() {
    const size_t end = text_.find('>', at_);
    if (at_ + 2 >= text_.size() || text_[at_ + 2] != '<' || end == std::string_view::npos) {
      refuse("has no <name> behind \\g");
    }
    const std::string name(text_.substr(at_ + 3, end - at_ - 3));
    const bool is_number = !name.empty() && name.size() <= 3 &&
                           name.find_first_not_of("0123456789") == std::string::npos;
    const int group = is_number ? std::stoi(name) : pattern_.group_named(name);
    if (group < 0) refuse(str("speaks of a group '", name, "', which there isn't"));
    add_group(group);
    at_ = end + 1;
  }

  const NamePattern& pattern_;
  const std::string_view text_;
  size_t at_ = 0;
  std::vector<Piece> pieces_;
};

RenameRule::RenameRule(std::string_view pattern, std::string_view replacement)
    : pattern_("The pattern", pattern), replacement_(Parser(pattern_, replacement).run()) {}

std::string RenameRule::applied_to(const std::string& name) const {
  std::string made;
  size_t copied = 0;  // of the name
  for (size_t from = 0; from <= name.size();) {
    const NamePattern::Groups found = pattern_.find(name, from);
    if (found.empty()) break;
    const auto start = static_cast<size_t>(found[0].data() - name.data());
    made.append(name, copied, start - copied);
    for (const Piece& piece : replacement_) {
      made +=
          piece.group < 0 ? std::string_view(piece.text) : found[static_cast<size_t>(piece.group)];
    }
    copied = start + found[0].size();
    from = found[0].empty() ? copied + 1 : copied;
  }
  return made.append(name, copied);
}

RenameRules::RenameRules(const std::vector<std::pair<std::string, std::string>>& rules) {
  for (const auto& [pattern, replacement] : rules) rules_.emplace_back(pattern, replacement);
}

std::string RenameRules::applied_to(std::string name) const {
  for (const RenameRule& rule : rules_) name = rule.applied_to(name);
  return name;
}

}  // namespace tenon::internal

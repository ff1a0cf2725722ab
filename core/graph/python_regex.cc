#include "core/graph/python_regex.h"

#include <array>
#include <cctype>
#include <cstddef>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"

namespace tenon::internal {
namespace {

using Refused = std::pair<std::string_view, std::string_view>;

constexpr std::string_view kDigits = "0123456789", kOctal = "01234567";

// Groups that RE2 has nothing for, or that Python hasn't.
constexpr std::array<Refused, 8> kRefusedGroups = {{{"(?=", "look-ahead is not supported"},
                                                    {"(?!", "look-ahead is not supported"},
                                                    {"(?<=", "look-behind is not supported"},
                                                    {"(?<!", "look-behind is not supported"},
                                                    {"(?<", "a group is named by (?P<name>...)"},
                                                    {"(?P=", "back-references are not supported"},
                                                    {"(?(", "conditionals are not supported"},
                                                    {"(?>", "atomic groups are not supported"}}};

bool is_digit(char c) { return kDigits.find(c) != std::string_view::npos; }
bool is_alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Goes through an expression part by part.
class Translator {
 public:
  Translator(std::string_view what, std::string_view pattern) : what_(what), pattern_(pattern) {}

  std::string run() {
    while (at_ < pattern_.size()) part();
    return std::move(result_);
  }

 private:
  void part() {
    const char next = pattern_[at_];
    if (next == '\\') {
      escape();
    } else if (next == '[') {
      character_class();
    } else if (next == '(') {
      group();
    } else if (next == '{') {
      repeat();
    } else if (next == '^') {
      position(1, "^");
    } else if (next == '$') {
      position(1, "(?:$|\\n\\z)");
    } else {
      replace(1, pattern_.substr(at_, 1));
    }
  }

  bool follows(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }

  [[noreturn]] void refuse(std::string_view why) const {
    fail<ValueError>(ErrorKind::bad_argument, what_, " '", pattern_,
                     "' is not a regular expression that can be matched here: ", why,
                     ", at position ", at_);
  }

  void replace(size_t length, std::string_view by) {
    result_ += by;
    at_ += length;
  }

  // What matches a place between characters can't be repeated.
  void position(size_t length, std::string_view by) {
    replace(length, by);
    if (at_ == pattern_.size()) return;
    if (std::string_view("*+?").find(pattern_[at_]) != std::string_view::npos || at_repeat()) {
      refuse("nothing to repeat");
    }
  }

  // Outside of classes.
  void escape() {
    const char letter = escaped();
    if (letter == 'Z') return position(2, "\\z");
    if (letter == 'A' || letter == 'b' || letter == 'B')
      return position(2, pattern_.substr(at_, 2));
    if (letter == 's') return replace(2, "[\\s\\v]");
    if (letter == 'S') return replace(2, "[^\\s\\v]");
    shared_escape();
  }

  // What is behind the backslash.
  char escaped() const {
    if (at_ + 1 == pattern_.size()) refuse("bad escape (end of pattern)");
    return pattern_[at_ + 1];
  }

  // Those that mean the same in classes.
  void shared_escape() {
    const char letter = escaped();
    if (letter == 'x') return code_point(2);
    if (letter == 'u') return code_point(4);
    if (letter == 'U') return code_point(8);
    if (is_digit(letter)) return number();
    if (!is_alphanumeric(letter)) {
      // RE2 doesn't know \_, nor a backslash before what isn't ASCII.
      const bool as_it_is = letter == '_' || (static_cast<unsigned char>(letter) & 0x80U) != 0;
      return replace(2, pattern_.substr(at_ + (as_it_is ? 1 : 0), as_it_is ? 1 : 2));
    }
    if (std::string_view("afnrtvdDwW").find(letter) == std::string_view::npos) {
      refuse(str("bad escape \\", letter));
    }
    replace(2, pattern_.substr(at_, 2));
  }

  void code_point(size_t count) {
    const std::string_view digits = pattern_.substr(at_ + 2, count);
    const bool complete =
        digits.size() == count && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos;
    if (!complete) refuse("incomplete escape");
    replace(2 + count, str("\\x{", digits, "}"));
  }

  // \0 and three octal digits are characters, other numbers are groups.
  void number() {
    std::string_view digits = pattern_.substr(at_ + 1, 3);
    digits = digits.substr(0, digits.find_first_not_of(kOctal));
    if (digits.empty() || (digits[0] != '0' && digits.size() < 3)) {
      refuse("back-references are not supported");
    }
    if (digits[0] > '3') refuse("octal escape outside of range 0-0o377");
    unsigned code = 0;
    for (const char digit : digits) code = code * 8 + static_cast<unsigned>(digit - '0');
    constexpr std::string_view kHex = "0123456789abcdef";
    replace(1 + digits.size(), str("\\x{", kHex[code / 16], kHex[code % 16], "}"));
  }

  void character_class() {
    replace(1, "[");
    if (follows("^")) replace(1, "^");
    if (follows("]")) replace(1, "\\]");
    while (at_ < pattern_.size() && pattern_[at_] != ']') {
      if (pattern_[at_] == '[') {
        replace(1, "\\[");  // RE2 would read [:alpha:]
      } else if (pattern_[at_] != '\\') {
        replace(1, pattern_.substr(at_, 1));
      } else if (follows("\\b")) {
        replace(2, "\\x08");
      } else if (follows("\\s")) {
        replace(2, "\\s\\v");
      } else if (follows("\\S")) {
        replace(2, "\\x00-\\x08\\x0e-\\x1f!-\\x{10ffff}");
      } else {
        shared_escape();
      }
    }
    if (at_ == pattern_.size()) refuse("unterminated character set");
    replace(1, "]");
  }

  void group() {
    for (const auto& [start, why] : kRefusedGroups) {
      if (follows(start)) refuse(why);
    }
    if (!follows("(?")) return replace(1, "(");
    if (follows("(?P<")) {
      if (at_ + 4 < pattern_.size() && is_digit(pattern_[at_ + 4])) refuse("bad group name");
      return replace(4, "(?P<");
    }
    if (!follows("(?#")) return flags();
    const size_t end = pattern_.find(')', at_);
    if (end == std::string_view::npos) refuse("missing ), unterminated comment");
    at_ = end + 1;
  }

  // (?i) of the whole expression, (?i-s:...) of a group.
  void flags() {
    std::string kept;
    size_t end = at_ + 2;
    for (; end < pattern_.size() && pattern_[end] != ':' && pattern_[end] != ')'; ++end) {
      const char flag = pattern_[end];
      if (flag == 'x') refuse("verbose expressions are not supported");
      if (std::string_view("aimsu-").find(flag) == std::string_view::npos) refuse("unknown flag");
      if (flag != 'a' && flag != 'u') kept += flag;  // of texts as these they change nothing
    }
    if (end == pattern_.size()) refuse("missing -, : or )");
    const bool whole = pattern_[end] == ')';
    if (whole && (result_.size() != flags_end_ || kept.find('-') != std::string::npos)) {
      refuse("global flags not at the start of the expression");
    }
    if (kept.ends_with('-')) refuse("missing flag");
    const bool nothing = whole && kept.empty();
    replace(end + 1 - at_, nothing ? "" : str("(?", kept, whole ? ")" : ":"));
    if (whole) flags_end_ = result_.size();
  }

  // What is between the braces, if they say how often.
  std::string_view repeat_at() const {
    if (!follows("{")) return {};
    const std::string_view rest = pattern_.substr(at_ + 1);
    const std::string_view inside = rest.substr(0, rest.find('}'));
    if (inside.size() == rest.size()) return {};
    const size_t comma = inside.find(',');
    const std::string_view most = comma == inside.npos ? "" : inside.substr(comma + 1);
    const bool is_repeat = inside.substr(0, comma).find_first_not_of(kDigits) == inside.npos &&
                           most.find_first_not_of(kDigits) == inside.npos;
    return is_repeat ? inside : std::string_view();
  }
  bool at_repeat() const { return !repeat_at().empty(); }

  // {,n} begins at 0; what isn't a repeat is read as it stands.
  void repeat() {
    const std::string_view inside = repeat_at();
    if (inside.empty()) return replace(1, "\\{");
    const size_t comma = inside.find(',');
    std::string count = repeat_count(inside.substr(0, comma));
    if (comma != inside.npos) {
      const std::string_view most = inside.substr(comma + 1);
      count += most.empty() ? "," : "," + repeat_count(most);
    }
    replace(inside.size() + 2, str("{", count, "}"));
  }

  // RE2 takes no zeros in front.
  std::string repeat_count(std::string_view digits) const {
    while (digits.starts_with('0')) digits.remove_prefix(1);
    if (digits.size() > 4 || (digits.size() == 4 && digits > "1000")) {
      refuse("repeats beyond 1000 are not supported");
    }
    return digits.empty() ? "0" : std::string(digits);
  }

  const std::string_view what_, pattern_;
  size_t at_ = 0;
  std::string result_;
  size_t flags_end_ = 0;  // of the flags at the start of the result
};

}  // namespace

std::string re2_syntax(std::string_view what, std::string_view pattern) {
  return Translator(what, pattern).run();
}

}  // namespace tenon::internal

// Python's regular expressions, in RE2's syntax.
#pragma once

#include <string>
#include <string_view>

namespace tenon::internal {

// What RE2 is to be given so that it matches as Python's re does. The two differ in \Z, {,n}, $
// before a last newline, comments, flags, classes of characters and escapes: these are translated
// (\w, \d and \s are of ASCII). What RE2 has no way to match (look-around, back-references,
// conditionals, repeats beyond 1,000) throws ValueError (bad_argument) by name, as does much of
// what Python's re doesn't know; RE2 refuses the rest. `what` begins the message: "The scope".
std::string re2_syntax(std::string_view what, std::string_view pattern);

}  // namespace tenon::internal

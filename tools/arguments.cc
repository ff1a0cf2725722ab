#include "tools/arguments.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace tenon::tool {

Arguments::Arguments(const std::vector<std::string>& all, const std::vector<Flag>& known) {
  bool only_words = false;
  for (size_t i = 0; i < all.size(); ++i) {
    if (only_words || all[i].size() < 2 || all[i][0] != '-') {
      words_.push_back(all[i]);
      continue;
    }
    if (all[i] == "--") {
      only_words = true;
      continue;
    }
    const size_t equal = all[i].find('=');
    const std::string name = all[i].substr(0, equal);
    const auto flag =
        std::find_if(known.begin(), known.end(), [&](const Flag& f) { return f.name == name; });
    if (flag == known.end()) throw UsageError("there is no flag " + name);
    std::vector<std::string> values;
    if (equal != std::string::npos) values.push_back(all[i].substr(equal + 1));
    while (static_cast<int>(values.size()) < flag->values) {
      if (++i == all.size()) throw UsageError(name + " lacks a value");
      values.push_back(all[i]);
    }
    flags_.emplace_back(name, std::move(values));
  }
}

bool Arguments::has(const std::string& flag) const { return !values(flag).empty(); }

std::string Arguments::value(const std::string& flag) const {
  const auto all = values(flag);
  return all.empty() || all.back().empty() ? std::string() : all.back().front();
}

std::vector<std::vector<std::string>> Arguments::values(const std::string& flag) const {
  std::vector<std::vector<std::string>> found;
  for (const auto& [name, values] : flags_) {
    if (name == flag) found.push_back(values);
  }
  return found;
}

void Arguments::require_words(size_t count, const std::string& what) const {
  if (words_.size() < count) throw UsageError(what + " is missing");
  if (words_.size() > count) throw UsageError("'" + words_[count] + "' is one word too many");
}

}  // namespace tenon::tool

// The steps of plans, as they are printed.
#pragma once

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tenon/tenon.h"

namespace tenon {

// The steps of the default graph's plan for a run, a line each: "kernel MatMul dense/MatMul ...".
// On the CPU, whatever the machine has: what crosses to a GPU and back would be steps too.
inline std::vector<std::string> plan_steps(const std::vector<Fetch>& fetches,
                                           const Feeds& feeds = {}) {
  Session session({.device_count = {{"GPU", 0}}});
  session.run(global_variables_initializer());
  std::istringstream text(session.plan_text(fetches, feeds));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("arena")) lines.push_back(line);
  }
  return lines;
}
inline std::vector<std::string> plan_steps(const Output& fetch, const Feeds& feeds = {}) {
  return plan_steps(std::vector<Fetch>{fetch}, feeds);
}

inline auto count_starting(const std::vector<std::string>& lines, const std::string& start) {
  return std::count_if(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.starts_with(start); });
}

}  // namespace tenon

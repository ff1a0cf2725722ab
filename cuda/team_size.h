// How many threads work on one thing together (team.h).
#pragma once

#include <cstdint>

namespace tenon::cuda {

// Threads of a block that is one team.
inline constexpr int kTeamThreads = 256;

// Of a team that works on so many elements.
inline int team_size(int64_t elements) {
  if (elements >= 2048) return kTeamThreads;
  int size = 1;
  while (size < 32 && size < elements) size *= 2;
  return size;
}

}  // namespace tenon::cuda

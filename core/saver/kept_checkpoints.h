// The checkpoints that a saver has written and keeps, and when it removes which.
#pragma once

#include <string>
#include <vector>

namespace tenon::internal {

class KeptCheckpoints {
 public:
  // Not more than `most` are kept, but for one of so many hours; 0: nothing is noted or removed.
  KeptCheckpoints(int most, double hours);

  // A checkpoint was written, these are its files.
  void add(const std::string& path, std::vector<std::string> files);
  // Removes the files of the oldest one that is too many. What can't be removed stays.
  void remove_old();

  std::vector<std::string> paths() const;  // oldest first
  // Instead of all: these, with whatever files are theirs.
  void set(const std::vector<std::string>& paths, bool only_if_there);

 private:
  struct Checkpoint {
    std::string path;
    double time;  // seconds since 1970
    std::vector<std::string> files;
  };

  const int most_;
  const double hours_;
  double next_kept_time_;
  std::vector<Checkpoint> kept_, doomed_;
};

}  // namespace tenon::internal

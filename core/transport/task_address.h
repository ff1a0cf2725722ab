// Which task of which cluster a server runs.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace tenon::internal {

// Equal clusters are the same one.
struct TaskAddress {
  std::map<std::string, std::vector<std::string>> cluster;  // job: addresses
  std::string job;
  int index = 0;
  const std::string& address() const { return cluster.at(job)[static_cast<size_t>(index)]; }
  std::string device_prefix() const;  // "/job:ps/replica:0/task:0"
  std::string target() const { return "tenon://" + address(); }
  // All tasks of the cluster: jobs in the order of their names, the tasks of each by number.
  std::vector<TaskAddress> all() const;
};

}  // namespace tenon::internal

// Tasks of different processes that compute together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/transport/remote_tasks.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// Every task of the group makes the same calls, with names of their own. What is waited for is
// said with the name of a task that is lost.
class TaskGroup {
 public:
  TaskGroup(std::shared_ptr<RemoteTasks> tasks, std::vector<int> ranks);

  size_t size() const { return ranks_.size(); }
  // The averages of tensors of one dtype, float32 or float64, over all tasks: each sums up its
  // share of the elements, from the first task's to the last one's, and tells the others.
  std::vector<Tensor> mean(const std::vector<Tensor>& values, const std::string& call) const;
  // The first task's.
  std::vector<Tensor> of_first(const std::vector<Tensor>& values, const std::string& call) const;

 private:
  std::vector<Tensor> shares(const Tensor& all) const;

  const std::shared_ptr<RemoteTasks> tasks_;
  const std::vector<int> ranks_;
  size_t self_ = 0;  // its place in them
};

}  // namespace tenon::internal

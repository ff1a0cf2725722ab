#include "core/transport/task_group.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// All elements, one tensor behind the other.
Tensor joined(const std::vector<Tensor>& values) {
  int64_t count = 0;
  for (const Tensor& value : values) count += value.element_count();
  Tensor all = uninitialized_tensor(values[0].dtype(), Shape{count});
  auto* to = static_cast<char*>(all.raw());
  for (const Tensor& value : values) {
    if (value.bytes() > 0) std::memcpy(to, value.raw(), value.bytes());
    to += value.bytes();
  }
  return all;
}

// Views of it in the shapes that they had.
std::vector<Tensor> divided(const Tensor& all, const std::vector<Tensor>& like) {
  std::vector<Tensor> parts;
  size_t at = 0;
  for (const Tensor& one : like) {
    const Tensor view(all.dtype(), one.shape(), all.buffer(), at);
    parts.push_back(view.clone());
    at += one.bytes();
  }
  return parts;
}

template <typename T>
void add_to(const Tensor& sum, const Tensor& value) {
  T* to = static_cast<T*>(sum.raw());
  const T* from = static_cast<const T*>(value.raw());
  for (int64_t i = 0; i < sum.element_count(); ++i) to[i] += from[i];
}

template <typename T>
void divide(const Tensor& sum, size_t by) {
  T* to = static_cast<T*>(sum.raw());
  for (int64_t i = 0; i < sum.element_count(); ++i) to[i] /= static_cast<T>(by);
}

}  // namespace

TaskGroup::TaskGroup(std::shared_ptr<RemoteTasks> tasks, std::vector<int> ranks)
    : tasks_(std::move(tasks)), ranks_(std::move(ranks)) {
  const auto own = std::find(ranks_.begin(), ranks_.end(), tasks_->peers().rank());
  self_ = static_cast<size_t>(own - ranks_.begin());
}

std::vector<Tensor> TaskGroup::shares(const Tensor& all) const {
  std::vector<Tensor> shares;
  const auto count = static_cast<int64_t>(size());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = all.element_count() * i / count;
    const int64_t end = all.element_count() * (i + 1) / count;
    shares.emplace_back(all.dtype(), Shape{end - begin}, all.buffer(),
                        static_cast<size_t>(begin) * size_of(all.dtype()));
  }
  return shares;
}

std::vector<Tensor> TaskGroup::mean(const std::vector<Tensor>& values,
                                    const std::string& call) const {
  Peers& peers = tasks_->peers();
  const Tensor all = joined(values);
  const std::vector<Tensor> own = shares(all);
  const std::string terms = call + " terms", sums = call + " sums";
  for (size_t to = 0; to < size(); ++to) {
    if (to == self_) continue;
    Message message;
    peers.put(ranks_[to], terms, std::move(message.add(own[to])));
  }
  const bool is_double = all.dtype() == DType::float64;
  Tensor sum;
  for (size_t from = 0; from < size(); ++from) {
    const Tensor term = from == self_ ? own[self_] : peers.take(ranks_[from], terms, call).tensor();
    require(term.dtype() == all.dtype() && term.shape() == own[self_].shape(),
            ErrorKind::shape_incompatible, "The tasks differ in what they reduce in ", call, ": ",
            tasks_->name_of_rank(ranks_[from]),
            " has another number of elements, or another dtype");
    if (!sum) {
      sum = term.clone();
    } else {
      is_double ? add_to<double>(sum, term) : add_to<float>(sum, term);
    }
  }
  is_double ? divide<double>(sum, size()) : divide<float>(sum, size());
  for (size_t to = 0; to < size(); ++to) {
    if (to == self_) continue;
    Message message;
    peers.put(ranks_[to], sums, std::move(message.add(sum)));
  }
  std::vector<Tensor> parts;
  for (size_t from = 0; from < size(); ++from) {
    parts.push_back(from == self_ ? sum : peers.take(ranks_[from], sums, call).tensor());
  }
  return divided(joined(parts), values);
}

std::vector<Tensor> TaskGroup::of_first(const std::vector<Tensor>& values,
                                        const std::string& call) const {
  Peers& peers = tasks_->peers();
  if (self_ != 0) {
    MessageReader reader = peers.take(ranks_[0], call, call);
    return reader.list<Tensor>([&] { return reader.tensor(); });
  }
  for (size_t to = 1; to < size(); ++to) {
    Message message;
    peers.put(ranks_[to], call, std::move(message.add(values)));
  }
  // They are on their way yet when these are written over.
  std::vector<Tensor> own;
  for (const Tensor& value : values) own.push_back(value.clone());
  return own;
}

}  // namespace tenon::internal

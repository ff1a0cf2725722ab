// Operations that a function of their definition computes, on the host (OpDef::host): what they
// take and hand out are whole tensors, whose shapes perhaps only the run knows, and they may keep
// things from one to the next.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "core/base/check.h"
#include "core/graph/graph_state.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// What a run or a session keeps for its operations, one of each type, made on first use.
class KeptThings {
 public:
  template <typename T>
  T& get() {
    const std::lock_guard lock(mutex_);
    return things_.get<T>();
  }

 private:
  std::mutex mutex_;
  Extensions things_;
};

// One call of such a function.
class HostCall {
 public:
  HostCall(const Node& node, KeptThings& of_run, KeptThings& of_session)
      : node_(node), of_run_(of_run), of_session_(of_session) {}
  virtual ~HostCall() = default;

  const Node& node() const { return node_; }
  template <typename T>
  T attr(std::string_view name) const {
    return node_.attrs.get<T>(name);
  }
  template <typename T>
  T& of_run() {
    return of_run_.get<T>();
  }
  template <typename T>
  T& of_session() {
    return of_session_.get<T>();
  }

  virtual size_t inputs() const = 0;
  // An input in memory of the host, there as long as the call lasts. Throws FailedPreconditionError
  // (not_computed) where it has no value.
  virtual Tensor input(size_t number) const = 0;
  // The same, but it stays what it is when the call has ended.
  virtual Tensor lasting_input(size_t number) const = 0;
  // An input that stays what it is, in the memory where it lies.
  virtual Tensor kept_input(size_t number) const = 0;
  // What was kept, in memory of the host.
  virtual Tensor on_host(const Tensor& kept) const = 0;

  // An input of integers.
  std::vector<int64_t> integers(size_t number) const {
    const Tensor value = input(number);
    if (value.dtype() == DType::int64) return value.to_vector<int64_t>();
    const std::vector<int32_t> narrow = value.to_vector<int32_t>();
    return {narrow.begin(), narrow.end()};
  }
  // One that is a single integer. Throws InvalidArgumentError (shape_incompatible) for others.
  int64_t integer(size_t number) const {
    const std::vector<int64_t> all = integers(number);
    require(all.size() == 1, ErrorKind::shape_incompatible, "Input ", number,
            " must be a single number, but there are ", all.size());
    return all[0];
  }

 private:
  const Node& node_;
  KeptThings &of_run_, &of_session_;
};

}  // namespace tenon::internal

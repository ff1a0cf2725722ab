#include "tenon/gradient_checker.h"

#include <cmath>
#include <optional>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "tenon/array_ops.h"
#include "tenon/gradients.h"

namespace tenon {
namespace internal {
namespace {

void require_checkable(const Output& tensor, const char* name) {
  require<TypeError>(
      tensor.dtype() == float32 || tensor.dtype() == float64, ErrorKind::dtype_incompatible,
      "Gradients are checked of float32 and float64, ", "but ", name, " is ", tensor.dtype());
}

double element(const Tensor& tensor, size_t i) {
  return tensor.dtype() == float32 ? tensor.data<float>()[i] : tensor.data<double>()[i];
}
void set_element(Tensor& tensor, size_t i, double value) {
  if (tensor.dtype() == float32) {
    tensor.mutable_data<float>()[i] = static_cast<float>(value);
  } else {
    tensor.mutable_data<double>()[i] = value;
  }
}

// Runs with what the options feed, and x.
class CheckedRuns {
 public:
  CheckedRuns(const Output& x, const GradientCheckOptions& options)
      : x_(x), feeds_(options.feeds), session_(options.session) {
    if (options.session != nullptr) return;
    session_of_its_own_ = get_default_session();
    if (!session_of_its_own_) session_of_its_own_.emplace(x.graph());
    session_ = &*session_of_its_own_;
  }

  Tensor run(const Output& fetch, const Tensor& x_value, const std::vector<Feed>& more = {}) {
    Feeds feeds = feeds_;
    feeds.push_back({x_, x_value});
    feeds.insert(feeds.end(), more.begin(), more.end());
    return session_->run(fetch, feeds);
  }

 private:
  Output x_;
  Feeds feeds_;
  std::optional<Session> session_of_its_own_;
  Session* session_;
};

}  // namespace
}  // namespace internal

Jacobians compute_gradient(const Output& x, const Output& y, const GradientCheckOptions& options,
                           Location where) {
  const internal::CallerLine line(where);
  internal::require_checkable(x, "x");
  internal::require_checkable(y, "y");
  internal::CheckedRuns runs(x, options);
  const Tensor& at = options.x_value;
  const Tensor value = runs.run(y, at);
  const auto rows = static_cast<size_t>(at.element_count()),
             columns = static_cast<size_t>(value.element_count());
  const Shape shape{at.element_count(), value.element_count()};
  Jacobians found{.theoretical = Tensor(float64, shape), .numeric = Tensor(float64, shape)};

  const auto as_default = y.graph().as_default();
  const Output dy = placeholder(y.dtype(), value.shape());
  const Output dx = gradients({y}, {x}, {.grad_ys = {dy}})[0];
  internal::require<ValueError>(static_cast<bool>(dx), ErrorKind::no_gradient, "No gradient of ",
                                y.name(), " by ", x.name(), " is defined");
  for (size_t j = 0; j < columns; ++j) {
    Tensor one(y.dtype(), value.shape());
    internal::set_element(one, j, 1);
    const Tensor column = runs.run(dx, at, {{dy, one}});
    for (size_t i = 0; i < rows; ++i) {
      found.theoretical.mutable_data<double>()[i * columns + j] = internal::element(column, i);
    }
  }
  for (size_t i = 0; i < rows; ++i) {
    Tensor below = at.clone(), above = at.clone();
    internal::set_element(below, i, internal::element(at, i) - options.delta);
    internal::set_element(above, i, internal::element(at, i) + options.delta);
    const double distance = internal::element(above, i) - internal::element(below, i);
    const Tensor low = runs.run(y, below), high = runs.run(y, above);
    for (size_t j = 0; j < columns; ++j) {
      found.numeric.mutable_data<double>()[i * columns + j] =
          (internal::element(high, j) - internal::element(low, j)) / distance;
    }
  }
  return found;
}

double compute_gradient_error(const Output& x, const Output& y, const GradientCheckOptions& options,
                              Location where) {
  const Jacobians found = compute_gradient(x, y, options, where);
  double largest = 0;
  const auto one = found.theoretical.data<double>(), other = found.numeric.data<double>();
  for (size_t i = 0; i < one.size(); ++i) {
    const double difference = std::abs(one[i] - other[i]);
    if (!(difference <= largest)) largest = difference;
    if (std::isnan(largest)) break;
  }
  return largest;
}

}  // namespace tenon

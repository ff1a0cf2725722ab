#include "core/session/run_results.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "core/base/check.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

bool overlap(const Tensor& a, const Tensor& b) {
  const auto* const first = static_cast<const char*>(a.raw());
  const auto* const second = static_cast<const char*>(b.raw());
  const std::less<> before;  // of any addresses
  return a.bytes() > 0 && b.bytes() > 0 && before(first, second + b.bytes()) &&
         before(second, first + a.bytes());
}

}  // namespace

bool RunResults::lies_over_a_feed(const Tensor& tensor) const {
  return std::any_of(call_.feeds.begin(), call_.feeds.end(),
                     [&](const Tensor& fed) { return overlap(tensor, fed); });
}

void RunResults::check_apart(size_t output) const {
  for (size_t other = 0; other < output; ++other) {
    const bool together =
        call_.outputs[other] && overlap(call_.outputs[other], call_.outputs[output]);
    require<InvalidArgumentError>(!together, ErrorKind::bad_argument, "Results ", other, " and ",
                                  output, " are to be written into tensors that share memory");
  }
}

Tensor RunResults::new_tensor(const PlanOutput& output) const {
  if (output.memory == kHost) return uninitialized_tensor(output.dtype, output.shape);
  return devices_.make_tensor(static_cast<size_t>(output.memory), output.dtype, output.shape);
}

void RunResults::make() {
  for (size_t i = 0; i < plan_.outputs.size(); ++i) {
    const PlanOutput& output = plan_.outputs[i];
    if (is_made(output)) continue;
    const Tensor& given = call_.outputs[i];
    Tensor& result = context_.outputs[i];
    if (given) {
      check_apart(i);
      if (lies_over_a_feed(given)) written_last_.push_back(i);
    }
    const bool apart = !written_last_.empty() && written_last_.back() == i;
    if (given && !apart) {
      result = given;
    } else {
      result = new_tensor(output);
    }
    if (!output.copied) context_.pointers[static_cast<size_t>(output.slot)] = result.raw();
  }
}

void RunResults::hand_out() {
  for (size_t i = 0; i < plan_.outputs.size(); ++i) {
    const PlanOutput& output = plan_.outputs[i];
    if (is_made(output)) {
      hand_out_made(i);
      continue;
    }
    if (!output.copied) continue;
    copy(output, context_.outputs[i], context_.pointers[static_cast<size_t>(output.slot)]);
  }
  for (const size_t i : written_last_) {
    copy(plan_.outputs[i], call_.outputs[i], context_.outputs[i].raw());
  }
  for (size_t i = 0; i < plan_.outputs.size(); ++i) {
    const bool apart =
        std::find(written_last_.begin(), written_last_.end(), i) != written_last_.end();
    if (!apart && !is_made(plan_.outputs[i])) call_.outputs[i] = std::move(context_.outputs[i]);
  }
}

bool RunResults::is_made(const PlanOutput& output) const {
  return plan_.slots[static_cast<size_t>(output.slot)].place == Slot::Place::kMade;
}

// Hands out what bodies made: the tensor itself where nobody else has it.
void RunResults::hand_out_made(size_t i) {
  const PlanOutput& output = plan_.outputs[i];
  const Slot& slot = plan_.slots[static_cast<size_t>(output.slot)];
  Tensor value = context_.made[static_cast<size_t>(slot.index)];
  require<FailedPreconditionError>(value || call_.is_inside, ErrorKind::not_computed, "Result ", i,
                                   " of the run has no value: it hangs on a branch that wasn't ",
                                   "taken");
  Tensor& result = call_.outputs[i];
  if (!value || value.dtype() == DType::resource) {
    result = value;
    return;
  }
  if (output.shape.fully_defined()) value = value.reshaped(output.shape);
  require<InvalidArgumentError>(!result || result.shape() == value.shape(),
                                ErrorKind::shape_incompatible, "Result ", i, " has shape ",
                                value.shape(), "; the tensor given for it has ", result.shape());
  constexpr long kOwners = 2;  // the context and this function
  if (!result && (value.buffer().use_count() == kOwners || call_.is_inside)) {
    result = std::move(value);
    return;
  }
  if (!result)
    result = new_tensor({.memory = output.memory, .dtype = value.dtype(), .shape = value.shape()});
  copy(output, result, value.raw());
}

void RunResults::copy(const PlanOutput& output, const Tensor& to, const void* from) const {
  if (to.raw() == from || to.bytes() == 0) return;
  if (output.dtype == DType::string) {
    const auto* const strings = static_cast<const std::string*>(from);
    std::copy_n(strings, output.shape.element_count(), static_cast<std::string*>(to.raw()));
  } else if (output.memory != kHost) {
    const auto device = static_cast<size_t>(output.memory);
    plan_.devices[device]->copy(to.raw(), from, to.bytes(), queues_.of(device));
  } else {
    std::memcpy(to.raw(), from, to.bytes());
  }
}

}  // namespace tenon::internal

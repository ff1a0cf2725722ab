// Fold: constants that a product or convolution is multiplied by, channel by channel, are
// multiplied into its filter, and those that are added to it are added up: of a batch normalization
// whose statistics are known a convolution with a bias is left. It rounds a filter's numbers once
// more, and each result once or twice less.
#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>

#include "core/backend/elementwise.h"
#include "core/base/shared_values.h"
#include "core/plan/passes.h"
#include "core/plan/sole_uses.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

// f(value of the tensor, value of the vector) for all elements, where the vector's stand along the
// tensor's last dimension, or is only one; nothing where one of them isn't finite.
template <typename T, typename F>
std::optional<Tensor> along_last(const Tensor& tensor, const Tensor& vector, F f) {
  Tensor made = uninitialized_tensor(tensor.dtype(), tensor.shape());
  const auto from = tensor.data<T>(), by = vector.data<T>();
  const auto to = made.mutable_data<T>();
  bool finite = true;
  for (size_t i = 0; i < from.size(); i += by.size()) {
    for (size_t channel = 0; channel < by.size(); ++channel) {
      to[i + channel] = f(from[i + channel], by[channel]);
      finite = finite && std::isfinite(to[i + channel]);
    }
  }
  if (!finite) return std::nullopt;
  return made;
}

template <typename F>
std::optional<Tensor> along_last(const Tensor& tensor, const Tensor& vector, F f) {
  return tensor.dtype() == DType::float64 ? along_last<double>(tensor, vector, f)
                                          : along_last<float>(tensor, vector, f);
}

std::optional<Tensor> product(const Tensor& tensor, const Tensor& factors) {
  return along_last(tensor, factors, [](auto a, auto b) { return a * b; });
}
std::optional<Tensor> sum(const Tensor& tensor, const Tensor& others) {
  return along_last(tensor, others, [](auto a, auto b) { return a + b; });
}

// A filter and what it is multiplied by keep their memory, so that their addresses stay theirs.
struct ScaledFilter {
  Tensor filter;
  std::optional<Tensor> product;
};

// Plans for other shapes of one graph share it. It may be large.
std::optional<Tensor> scaled_filter(const Tensor& filter, const Tensor& factors) {
  using Key = std::tuple<const void*, std::vector<int64_t>, std::string>;
  static auto* const shared = new SharedValues<Key, ScaledFilter>;
  const std::string bytes(static_cast<const char*>(factors.raw()), factors.bytes());
  const std::vector<int64_t> sizes(filter.shape().sizes().begin(), filter.shape().sizes().end());
  const auto held = shared->get({filter.raw(), sizes, bytes}, [&] {
    return ScaledFilter{filter, product(filter, factors)};
  });
  if (!held->product) return std::nullopt;
  const Tensor& made = *held->product;
  return Tensor::adopt(made.dtype(), made.shape(), made.raw(), [held] {});
}

bool is_product(const PlanOp& op) {
  if (op.kind != StepKind::kElementwise || op.inputs().size() != 2) return false;
  const std::vector<ElementwiseProgram::Instruction>& all = op.program->instructions;
  return all.size() == 1 && all[0].primitive == Primitive::kMultiply && all[0].a != all[0].b;
}

bool is_sum(const PlanOp& op) {
  const OpDef& def = op.def();
  return op.inputs().size() == 2 && def.adds_along_last != nullptr &&
         def.adds_along_last(op.node->attrs);
}

class Folder {
 public:
  explicit Folder(PlanGraph& plan) : plan_(plan), sole_uses_(plan) {}

  void run() {
    const std::vector<OpId> ops(plan_.ops().begin(), plan_.ops().end());  // others are added
    for (const OpId id : ops) {
      const PlanOp& op = plan_.op(id);
      if (op.node == nullptr || op.only_orders) continue;
      if (is_product(op)) {
        scale(id);
      } else if (is_sum(op)) {
        shift(id);
      }
    }
  }

 private:
  // An operation on a value that others make, and a constant for each channel of it.
  struct Channels {
    OpId producer;
    ValueId constant;
    Tensor values;  // one a channel, or only one
  };

  // (product [+ constant]) * constant
  void scale(OpId id) {
    const std::optional<Channels> by = channels_of(id);
    if (!by) return;
    if (has_known_filter(by->producer)) {
      if (scale_filter(by->producer, by->values)) absorb(id, *by);
      return;
    }
    const std::optional<Channels> added = added_by(by->producer);
    if (!added) return;
    const std::optional<Tensor> shift = product(added->values, by->values);
    if (!shift || !scale_filter(added->producer, by->values)) return;
    replace(by->producer, added->constant, *shift);
    absorb(id, *by);
  }

  // product + constant + constant
  void shift(OpId id) {
    const std::optional<Channels> by = channels_of(id);
    const std::optional<Channels> added = by ? added_by(by->producer) : std::nullopt;
    if (!added) return;
    const std::optional<Tensor> shift = sum(added->values, by->values);
    if (!shift) return;
    replace(by->producer, added->constant, *shift);
    absorb(id, *by);
  }

  // Of what is added to a product with a known filter: as many values as it has channels.
  std::optional<Channels> added_by(OpId id) const {
    if (!is_sum(plan_.op(id))) return std::nullopt;
    std::optional<Channels> added = channels_of(id);
    if (!added || !has_known_filter(added->producer)) return std::nullopt;
    const int64_t channels = plan_.value(plan_.op(id).output()).shape.back();
    if (added->values.element_count() != channels) return std::nullopt;
    added->values = added->values.reshaped({channels});
    return added;
  }

  std::optional<Channels> channels_of(OpId id) const {
    const PlanOp& op = plan_.op(id);
    const PlanValue& result = plan_.value(op.output());
    if (result.dtype != DType::float32 && result.dtype != DType::float64) return std::nullopt;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      const OpId producer = sole_uses_.producer(id, op.input(side));
      const Tensor& constant = plan_.input(op, 1 - side).constant;
      if (!producer.exists() || !constant || plan_.input(op, side).shape != result.shape) continue;
      if (result.shape.rank() < 2 || !lies_along_last(constant.shape(), result.shape)) continue;
      return Channels{producer, op.input(1 - side), constant};
    }
    return std::nullopt;
  }

  static bool lies_along_last(const Shape& constant, const Shape& result) {
    const int64_t count = constant.element_count();
    return count == 1 || (count == result.back() && constant.back() == count);
  }

  // The input to which the operation's result is proportional, where it is known; -1 otherwise.
  int known_filter(const PlanOp& op) const {
    const int filter =
        op.def().filter_input == nullptr ? -1 : op.def().filter_input(op.node->attrs);
    const bool known = filter >= 0 && plan_.value(op.input(filter)).constant;
    return known ? filter : -1;
  }
  bool has_known_filter(OpId id) const {
    return plan_.op(id).kind == StepKind::kKernel && known_filter(plan_.op(id)) >= 0;
  }

  bool scale_filter(OpId id, const Tensor& factors) {
    const ValueId filter = plan_.op(id).input(known_filter(plan_.op(id)));
    const std::optional<Tensor> scaled = scaled_filter(plan_.value(filter).constant, factors);
    if (scaled) replace(id, filter, *scaled);
    return scaled.has_value();
  }

  // The operation takes this value in place of another constant. What that waits for is waited for
  // all the same.
  void replace(OpId id, ValueId constant, const Tensor& by) {
    const OpId maker = plan_.add_op(*plan_.op(id).node);
    const ValueId value = plan_.add_output(maker, {by.dtype(), by.shape()});
    plan_.value(value).constant = by;
    plan_.value(value).foldable = true;
    for (size_t i = 0; i < plan_.op(id).inputs().size(); ++i) {
      if (plan_.op(id).input(i) == constant) plan_.replace_input(id, i, value);
    }
    wait_for_producer(id, constant);
  }

  void wait_for_producer(OpId id, ValueId value) {
    if (const OpId producer = plan_.value(value).producer(); producer.exists()) {
      plan_.add_control(id, producer);
    }
  }

  void absorb(OpId id, const Channels& by) {
    plan_.become(id, by.producer);
    wait_for_producer(id, by.constant);
  }

  PlanGraph& plan_;
  const SoleUses sole_uses_;
};

}  // namespace

void fold(PlanGraph& plan) { Folder(plan).run(); }

}  // namespace tenon::internal

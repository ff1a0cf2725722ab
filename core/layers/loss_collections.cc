#include "tenon/losses.h"

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/variables/variable_store.h"
#include "tenon/math_ops.h"

namespace tenon::losses {
namespace {

// The losses as inputs: regularization losses are made anew where they are used.
std::vector<Input> as_inputs(const std::vector<Output>& losses) {
  const std::shared_ptr<internal::GraphState> graph = internal::default_graph_state();
  const std::lock_guard lock(graph->mutex);
  const auto& store = graph->extension<internal::VariableStore>();
  std::vector<Input> inputs;
  for (const Output& loss : losses) {
    const std::function<Output()>* make = store.lazy_loss(loss);
    inputs.emplace_back(make == nullptr ? loss : (*make)());
  }
  return inputs;
}

}  // namespace

void add_loss(const Ref& loss, std::string_view loss_collection) {
  if (loss_collection.empty()) return;
  if (loss.is_variable()) {
    add_to_collection(loss_collection, loss.variable());
  } else {
    add_to_collection(loss_collection, loss.output());
  }
}

Output get_regularization_loss(std::string_view scope, std::string_view name, Location where) {
  const internal::CallerLine line(where);
  const std::vector<Output> losses = get_regularization_losses(scope);
  if (losses.empty()) return internal::make_constant(Tensor(0.0f));
  return add_n(as_inputs(losses), {.name = std::string(name)});
}

Output get_total_loss(bool add_regularization_losses, std::string_view name, std::string_view scope,
                      Location where) {
  const internal::CallerLine line(where);
  std::vector<Output> losses = get_losses(scope);
  if (add_regularization_losses) {
    const std::vector<Output> more = get_regularization_losses(scope);
    losses.insert(losses.end(), more.begin(), more.end());
  }
  internal::require<ValueError>(!losses.empty(), ErrorKind::shape_incompatible,
                                "inputs must be an iterable of at least one Tensor: no loss is in "
                                "the collections, so there is no total. Add losses with "
                                "tenon::losses::add_loss.");
  return add_n(as_inputs(losses), {.name = std::string(name)});
}

}  // namespace tenon::losses

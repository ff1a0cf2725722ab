// Losses: the collections that a model's losses are gathered in (TensorFlow's tf.losses).
#pragma once

#include <string_view>
#include <vector>

#include "tenon/collections.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon::losses {

// Adds a loss, a tensor or a variable, to a collection; "" adds it nowhere.
TENON_API void add_loss(const Ref& loss, std::string_view loss_collection = GraphKeys::LOSSES);

// The losses of a collection whose names match `scope` at their start; "" is no filter. T is what
// the caller takes them for: Output, or as with get_collection.
template <typename T = Output>
std::vector<T> get_losses(std::string_view scope = {},
                          std::string_view loss_collection = GraphKeys::LOSSES) {
  return scope.empty() ? get_collection<T>(loss_collection)
                       : get_collection<T>(loss_collection, scope);
}
template <typename T = Output>
std::vector<T> get_regularization_losses(std::string_view scope = {}) {
  return get_losses<T>(scope, GraphKeys::REGULARIZATION_LOSSES);
}

// The sum of the regularization losses; a constant zero when there are none.
TENON_API Output get_regularization_loss(std::string_view scope = {},
                                         std::string_view name = "total_regularization_loss",
                                         Location where = Location::current());

// The sum of the losses, with those of regularization unless told otherwise. Throws ValueError
// (bad_argument) when there are none.
TENON_API Output get_total_loss(bool add_regularization_losses = true,
                                std::string_view name = "total_loss", std::string_view scope = {},
                                Location where = Location::current());

}  // namespace tenon::losses

// Losses: the collections that a model's losses are gathered in (TensorFlow's tf.losses).
#pragma once

#include <string_view>
#include <vector>

#include "tenon/collections.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon::losses {

// Adds a loss to a collection; "" adds it nowhere.
TENON_API void add_loss(const Output& loss, std::string_view loss_collection = GraphKeys::LOSSES);

// The losses of a collection whose names match `scope` at their start; "" is no filter.
TENON_API std::vector<Output> get_losses(std::string_view scope = {},
                                         std::string_view loss_collection = GraphKeys::LOSSES);
TENON_API std::vector<Output> get_regularization_losses(std::string_view scope = {});

// The sum of the regularization losses; a constant zero when there are none.
TENON_API Output get_regularization_loss(std::string_view scope = {},
                                         std::string_view name = "total_regularization_loss");

// The sum of the losses, with those of regularization unless told otherwise. Throws ValueError
// (bad_argument) when there are none.
TENON_API Output get_total_loss(bool add_regularization_losses = true,
                                std::string_view name = "total_loss", std::string_view scope = {});

}  // namespace tenon::losses

// Gradients of several runs, for batches that are larger than memory holds.
//
//   train::AdamOptimizer adam;
//   auto sums = train::accumulate_gradients(adam.compute_gradients(loss));
//   Operation step = adam.apply_gradients(sums.gradients);
//   for (const Feeds& part : batch) session.run(sums.add, part);
//   session.run(step);        // by the mean over the parts
//   session.run(sums.reset);
#pragma once

#include <string>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/optimizer.h"

namespace tenon::train {

struct AccumulatedGradients {
  GradientsAndVariables
      gradients;  // the mean of what was added since the last reset; zeros of none
  Operation add;  // adds the gradients of this run
  Operation reset;
};
// Keeps the sums beside the variables, in slots of the name given (w/GradientAccumulator), dense
// ones of gathered rows, too; and how many were added. Pairs without a gradient stay without.
// Throws ValueError (no_gradient) when no pair has one.
TENON_API AccumulatedGradients accumulate_gradients(const GradientsAndVariables& gradients,
                                                    const std::string& name = "GradientAccumulator",
                                                    Location where = Location::current());

}  // namespace tenon::train

// Symbolic gradients.
//
//   Variable w = get_variable("w", {.shape = {2}});
//   Output loss = reduce_sum(square(w));
//   std::vector<Output> grads = gradients({loss}, {w});
#pragma once

#include <string>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/variable.h"

namespace tenon {

// What `gradients` answers for an x that no y depends on: an empty Output, or zeros.
enum class UnconnectedGradients { NONE, ZERO };

// How the gradients of a tensor that is used several times are added up in TensorFlow. The sum is
// the same by each, and here it is always the plan's.
enum class AggregationMethod {
  ADD_N = 0,
  DEFAULT = ADD_N,
  EXPERIMENTAL_TREE = 1,
  EXPERIMENTAL_ACCUMULATE_N = 2
};

struct GradientsOptions {
  // The gradients to start from, one for each y; an empty Output (or none at all) is ones.
  Inputs grad_ys = {};
  // No gradient flows through the operations of these.
  ListOf<Ref> stop_gradients = {};
  UnconnectedGradients unconnected_gradients = UnconnectedGradients::NONE;
  bool colocate_gradients_with_ops = false;  // put each gradient on its operation's device
  // Hand the gradients of an operation's inputs on when all of them are there.
  bool gate_gradients = false;
  AggregationMethod aggregation_method = AggregationMethod::DEFAULT;
  std::string name = {};  // of the name scope: "gradients"
};

// Adds operations that compute the sum of the derivatives of the ys by each x, and returns one
// Output for each x: of its shape and dtype, empty (`!gradient`) where no path leads to it or an
// integer lies between.
//
// The gradient by a Variable counts every read of it; by its converted value, that read alone. The
// gradient of a gather is sparse: the result of an operation "_IndexedSlices", dense for who reads
// it. Takes time proportional to the number of operations between ys and xs.
//
// Throws UnimplementedError naming operation and type when an operation on the way has no gradient,
// TypeError (dtype_incompatible) when a grad_y isn't a number of y's dtype, ValueError
// (bad_argument) for as many grad_ys as there are not ys, ys of different graphs, or an
// aggregation_method that isn't one.
TENON_API std::vector<Output> gradients(const Inputs& ys, const ListOf<Ref>& xs,
                                        const GradientsOptions& options = {},
                                        Location where = Location::current());

}  // namespace tenon

// Synchronous training without parameter servers: every task of a job has all variables, and their
// gradients are averaged over the tasks before they are applied (what Horovod does for TensorFlow).
//
//   train::Server server({{"worker", {"w0", "w1"}}}, {.protocol = "mpi"});  // mpirun -n 2 program
//   train::GradientDescentOptimizer descent({.learning_rate = 0.1f});
//   train::AllReduceOptimizer optimizer(descent, server);
//   Operation train_op = optimizer.minimize(loss);
//   Operation start = train::broadcast_variables(global_variables(), server);
//   Session session({.target = server.target()});
//   session.run(global_variables_initializer());
//   session.run(start);            // all begin with the first task's values
//   session.run(train_op, feeds);  // in every task, as often: each waits for the others
//
// All tasks build the same graph and run the same operations, equally often. A run waits until the
// others come to it; where one is lost it throws RuntimeError (closed), which names the task, and
// where they differ in what they reduce InvalidArgumentError (shape_incompatible). Values are the
// same bits in all tasks and every time: sums go from the first task to the last.
#pragma once

#include <cstddef>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/optimizer.h"
#include "tenon/server.h"
#include "tenon/variable.h"

namespace tenon::train {

struct AllReduceOptions {
  // Gradients go together, the last ones first, in buckets of about so many bytes.
  size_t bucket_bytes = 4 << 20;
};

// The averages over all tasks of the server's job; pairs without a gradient stay as they are, and
// gradients of gathered rows become dense. Of a job of one task they are the gradients themselves.
// Throws UnimplementedError (no_kernel) for gradients that aren't float32 or float64, and for
// several tasks in one process.
TENON_API GradientsAndVariables all_reduce(const GradientsAndVariables& gradients,
                                           const Server& server,
                                           const AllReduceOptions& options = {},
                                           Location where = Location::current());

// Gives variables the values that they have in the first task of the server's job.
TENON_API Operation broadcast_variables(const std::vector<Variable>& variables,
                                        const Server& server, Location where = Location::current());

// An optimizer whose gradients are averaged; it must outlive this.
class TENON_API AllReduceOptimizer {
 public:
  AllReduceOptimizer(Optimizer& optimizer, const Server& server,
                     const AllReduceOptions& options = {});

  // As the optimizer's own; compute_gradients gives averages.
  Operation minimize(const Output& loss, const MinimizeOptions& options = {},
                     Location where = Location::current()) const;
  GradientsAndVariables compute_gradients(const Output& loss,
                                          const ComputeGradientsOptions& options = {},
                                          Location where = Location::current()) const;
  Operation apply_gradients(const GradientsAndVariables& gradients,
                            const ApplyGradientsOptions& options = {},
                            Location where = Location::current()) const;

 private:
  Optimizer& optimizer_;
  const Server& server_;
  const AllReduceOptions options_;
};

}  // namespace tenon::train

// All-reduce: gradients averaged over the tasks of a job, by functions of the host in the graph.
#include "tenon/all_reduce.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/transport/task_group.h"
#include "tenon/array_ops.h"
#include "tenon/context.h"
#include "tenon/control_flow.h"
#include "tenon/function_op.h"
#include "tenon/math_ops.h"

namespace tenon::train {

using internal::require;
using internal::str;
using internal::TaskGroup;

namespace {

// The tasks of the server's job; none where it is alone.
std::shared_ptr<const TaskGroup> group_of(const Server& server) {
  const std::string job = server.job_name();
  if (server.cluster().num_tasks(job) == 1) return nullptr;
  std::shared_ptr<internal::RemoteTasks> tasks = internal::remote_tasks(server.target());
  require<UnimplementedError>(tasks != nullptr, ErrorKind::no_kernel,
                              "All-reduce is between processes: the server of ", server.target(),
                              " has all tasks in this one (ServerOptions::protocol)");
  std::vector<int> ranks = tasks->ranks_of(job);
  return std::make_shared<TaskGroup>(std::move(tasks), std::move(ranks));
}

// What all tasks call it, who make the same ones in the same order.
std::string next_name(const char* what) {
  static std::atomic<int> made{0};
  return str(what, " ", ++made);
}

using Work = std::vector<Tensor> (TaskGroup::*)(const std::vector<Tensor>&,
                                                const std::string&) const;

// An operation that does that with the values, once a run in every task.
std::vector<Output> together(const std::shared_ptr<const TaskGroup>& group, Work work,
                             const std::vector<Output>& values, const std::string& name) {
  auto calls = std::make_shared<std::atomic<int64_t>>(0);
  const auto function = [group, work, name, calls](const std::vector<Tensor>& in) {
    return ((*group).*work)(in, str(name, ", call ", ++*calls));
  };
  std::vector<DType> dtypes;
  std::vector<Shape> shapes;
  std::vector<Input> inputs;
  for (const Output& value : values) {
    inputs.emplace_back(value);
    dtypes.push_back(value.dtype());
    shapes.push_back(value.shape());
  }
  return function_op(function, inputs, dtypes, {.shapes = shapes, .name = "AllReduce"});
}

struct Bucket {
  std::vector<size_t> pairs;
  DType dtype = DType::invalid;
  size_t bytes = 0;
};

std::vector<Bucket> buckets_of(const GradientsAndVariables& pairs, size_t most_bytes) {
  std::vector<Bucket> buckets;
  for (size_t i = pairs.size(); i-- > 0;) {
    const Output& gradient = pairs[i].gradient;
    if (!gradient) continue;
    const DType dtype = gradient.dtype();
    require<UnimplementedError>(dtype == float32 || dtype == float64, ErrorKind::no_kernel,
                                "Gradients of ", dtype, " can't be reduced: ", gradient.name());
    const Shape shape = pairs[i].variable.shape();
    const size_t bytes =
        shape.fully_defined() ? static_cast<size_t>(shape.element_count()) * size_of(dtype) : 0;
    const bool fits = !buckets.empty() && buckets.back().dtype == dtype &&
                      buckets.back().bytes + bytes <= most_bytes;
    if (!fits) buckets.push_back({{}, dtype, 0});
    buckets.back().pairs.push_back(i);
    buckets.back().bytes += bytes;
  }
  return buckets;
}

}  // namespace

GradientsAndVariables all_reduce(const GradientsAndVariables& gradients, const Server& server,
                                 const AllReduceOptions& options, Location where) {
  const internal::CallerLine line(where);
  const std::shared_ptr<const TaskGroup> group = group_of(server);
  if (!group) return gradients;
  GradientsAndVariables averages = gradients;
  std::vector<Operation> before;  // one bucket after the other, in all tasks
  for (const Bucket& bucket : buckets_of(gradients, options.bucket_bytes)) {
    std::vector<Output> values;
    for (const size_t pair : bucket.pairs) values.push_back(identity(gradients[pair].gradient));
    const Context behind = enter_control_dependencies(before);
    const auto means = together(group, &TaskGroup::mean, values, next_name("all_reduce"));
    for (size_t i = 0; i < means.size(); ++i) averages[bucket.pairs[i]].gradient = means[i];
    before = {means[0].op()};
  }
  return averages;
}

Operation broadcast_variables(const std::vector<Variable>& variables, const Server& server,
                              Location where) {
  const internal::CallerLine line(where);
  const std::shared_ptr<const TaskGroup> group = group_of(server);
  if (!group || variables.empty()) return no_op();
  std::vector<Output> values;
  for (const Variable& variable : variables) values.push_back(identity(variable.value()));
  const auto firsts = together(group, &TaskGroup::of_first, values, next_name("broadcast"));
  std::vector<Operation> assigned;
  for (size_t i = 0; i < variables.size(); ++i) {
    assigned.push_back(variables[i].assign(firsts[i]).op());
  }
  return tenon::group(assigned);
}

AllReduceOptimizer::AllReduceOptimizer(Optimizer& optimizer, const Server& server,
                                       const AllReduceOptions& options)
    : optimizer_(optimizer), server_(server), options_(options) {}

GradientsAndVariables AllReduceOptimizer::compute_gradients(const Output& loss,
                                                            const ComputeGradientsOptions& options,
                                                            Location where) const {
  return all_reduce(optimizer_.compute_gradients(loss, options, where), server_, options_, where);
}

Operation AllReduceOptimizer::apply_gradients(const GradientsAndVariables& gradients,
                                              const ApplyGradientsOptions& options,
                                              Location where) const {
  return optimizer_.apply_gradients(gradients, options, where);
}

Operation AllReduceOptimizer::minimize(const Output& loss, const MinimizeOptions& options,
                                       Location where) const {
  const GradientsAndVariables gradients =
      compute_gradients(loss,
                        {.var_list = options.var_list,
                         .gate_gradients = options.gate_gradients,
                         .aggregation_method = options.aggregation_method,
                         .colocate_gradients_with_ops = options.colocate_gradients_with_ops,
                         .grad_loss = options.grad_loss},
                        where);
  return apply_gradients(gradients, {.global_step = options.global_step, .name = options.name},
                         where);
}

}  // namespace tenon::train

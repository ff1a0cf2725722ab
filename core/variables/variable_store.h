// The variables that get_variable has made in a graph, by full name.
#pragma once

#include <string>
#include <vector>

#include "core/base/by_name.h"
#include "tenon/variable_scope.h"

namespace tenon::internal {

struct ScopeState;

// A graph's; calls are made under the graph's lock.
class VariableStore {
 public:
  // get_variable under a full name, with the scopes' defaults filled into the options.
  Variable get_variable(const std::string& name, const GetVariableOptions& options, Location where);

  // The same, where reuse is on and nothing but the name, shape and dtype matters; null where there
  // is more to do or to tell. For looking up many variables: what only a new one needs is left out.
  const Variable* find_shared(const std::string& name, const GetVariableOptions& options,
                              const ScopeState& scope) const;

  const ByName<Variable>& variables() const noexcept { return variables_; }

  // A regularization loss is built anew for each function that uses it, as TensorFlow's lazy losses
  // are; null for what isn't one.
  const std::function<Output()>* lazy_loss(const Output& loss) const;

 private:
  Variable true_getter(const std::string& name, const GetVariableOptions& options, Location where);
  Variable find_or_make(const std::string& name, const GetVariableOptions& options, Location where);
  Variable get_single(const std::string& name, const GetVariableOptions& options,
                      const PartitionInfo* partition_info, Location where);
  Variable share(const std::string& name, const Variable& found, const GetVariableOptions& options,
                 Location where) const;
  Variable create(const std::string& name, const GetVariableOptions& options,
                  const PartitionInfo* partition_info, Location where);
  void regularize(const std::string& name, const Variable& variable,
                  const Regularizer& regularizer);
  Variable get_partitioned(const std::string& name, const GetVariableOptions& options,
                           Location where);
  Variable share_partitioned(const std::string& name, const Variable& found,
                             const GetVariableOptions& options, const Shape& shape,
                             const std::vector<int64_t>& partitions, Location where) const;
  void check_parts_found(const std::string& name, int64_t count, Location where) const;
  Variable make_part(const std::string& name, int index, const Shape& full_shape,
                     const std::vector<int64_t>& offset, const Shape& part_shape,
                     const GetVariableOptions& options, Location where);

  ByName<Variable> variables_;
  ByName<Variable> partitioned_;
  bool has_parts_ = false;  // whether some name ends in /part_0
  std::unordered_map<const Node*, std::function<Output()>> lazy_losses_;
};

// The errors, told at length (store_errors.cc).
[[noreturn]] void fail_already_exists(const std::string& name, const Variable& found,
                                      Location where);
[[noreturn]] void fail_does_not_exist(const std::string& name, const VariableStore& store,
                                      bool partitioned, Location where);
[[noreturn]] void fail_shape(const std::string& name, const Variable& found, const Shape& wanted,
                             Location where);
[[noreturn]] void fail_dtype(const std::string& name, const Variable& found, DType wanted,
                             Location where);

}  // namespace tenon::internal

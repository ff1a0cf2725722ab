// Moving averages of variables: kept beside them while training, read instead of them when testing.
//
//   train::ExponentialMovingAverage averages({.decay = 0.999});
//   Operation train_op = optimizer.minimize(loss);
//   Operation step;
//   {
//     auto after = control_dependencies({train_op});
//     step = averages.apply();  // of all trainable variables, as they are after the step
//   }
//   Variable smooth = averages.average(w);           // w/ExponentialMovingAverage
//
// Thread-safety: an object is used from one thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"
#include "tenon/variable.h"

namespace tenon::train {

struct ExponentialMovingAverageOptions {
  Input decay;                            // near 1: 0.99, 0.999; a Variable is read by apply
  std::optional<Input> num_updates = {};  // the decay is then at most (1 + n) / (10 + n)
  bool zero_debias = false;               // of tensors: correct for the average's start at zero
  std::string name = "ExponentialMovingAverage";
};

class TENON_API ExponentialMovingAverage {
 public:
  explicit ExponentialMovingAverage(const ExponentialMovingAverageOptions& options);

  const std::string& name() const noexcept { return options_.name; }

  // An operation that updates the averages: average -= (1 - decay) * (average - value). Makes those
  // that aren't there yet. The average of a variable begins with the variable's initial value, that
  // of a tensor with zeros; it is a variable named <variable>/<name>, not trainable. Variables are
  // added to GraphKeys::MOVING_AVERAGE_VARIABLES. Left out: all trainable variables.
  // Throws TypeError (dtype_incompatible) for what isn't floating.
  Operation apply(Location where = Location::current());
  Operation apply(const ListOf<Ref>& variables, Location where = Location::current());

  // The variable that holds the average; empty where apply wasn't told of it.
  Variable average(const Ref& variable) const;
  // The average's name, or the one that it would get: "w/ExponentialMovingAverage".
  std::string average_name(const Ref& variable) const;
  // By the names to look for in a checkpoint: trainable and averaged variables under the names of
  // their averages, and all others under their own. Left out: trainable_variables() and
  // moving_average_variables().
  std::map<std::string, Variable> variables_to_restore() const;
  std::map<std::string, Variable> variables_to_restore(
      const std::vector<Variable>& moving_avg_variables) const;

 private:
  struct Average {
    Output of;  // the variable's own endpoint, or the tensor
    Variable variable;
    bool debias = false;
  };
  const Average* find(const Ref& variable) const;
  void create(const Ref& variable);
  Operation update(const Average& average, const Output& value, const Output& decay);

  ExponentialMovingAverageOptions options_;
  std::vector<Average> averages_;
};

}  // namespace tenon::train

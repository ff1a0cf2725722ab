// One step that runs bodies: a conditional takes one of its branches, a loop goes round.
#pragma once

#include <vector>

#include "core/plan/plan.h"
#include "core/session/body_runner.h"
#include "core/session/session_devices.h"
#include "core/session/taken_value.h"

namespace tenon::internal {

class BodyStep {
 public:
  BodyStep(const Step& step, const SessionDevices& devices, BodyRunner& bodies, const RunCall& call,
           std::vector<TakenValue> inputs)
      : flow_(*step.flow),
        devices_(devices),
        bodies_(bodies),
        call_(call),
        inputs_(std::move(inputs)) {}

  // The outputs: empty where nobody wants one, or the branch that was taken has none.
  std::vector<Tensor> run();

 private:
  std::vector<Tensor> run_branch();
  std::vector<Tensor> run_loop();
  void run_round(std::vector<Tensor>& variables, size_t round);
  bool holds(const Tensor& predicate) const;
  void check_time() const;

  // The results of a body, fetched for these parameters in this round.
  std::vector<Tensor> fetch(const BodyCall& body, const std::vector<Tensor>& parameters,
                            size_t round);
  Tensor given(const BodySource& source, const std::vector<Tensor>& parameters, size_t round) const;
  Tensor found(const BodySource& source, const std::vector<Tensor>& fetched,
               const std::vector<Tensor>& parameters, size_t round) const;

  const FlowStep& flow_;
  const SessionDevices& devices_;
  BodyRunner& bodies_;
  const RunCall& call_;
  const std::vector<TakenValue> inputs_;
  std::vector<std::vector<Tensor>> lists_;  // of what gradients need of each round
};

}  // namespace tenon::internal

#include "core/session/body_step.h"

#include <algorithm>
#include <chrono>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/body.h"

namespace tenon::internal {

using From = BodySource::From;

std::vector<Tensor> BodyStep::run() { return flow_.repeats ? run_loop() : run_branch(); }

std::vector<Tensor> BodyStep::run_branch() {
  const BodyCall& branch = flow_.bodies[holds(inputs_[0].value) ? 0 : 1];
  const std::vector<Tensor> fetched = fetch(branch, {}, 0);
  std::vector<Tensor> outputs;
  for (const BodySource& source : branch.results) {
    outputs.push_back(found(source, fetched, {}, 0));
  }
  return outputs;
}

std::vector<Tensor> BodyStep::run_loop() {
  std::vector<Tensor> variables;
  for (size_t i = 0; i < flow_.variables; ++i) variables.push_back(kept(inputs_[i], devices_));
  lists_.resize(flow_.bodies[1].listed.size());
  size_t round = 0;
  const BodyCall& condition = flow_.bodies[0];
  try {
    while (true) {
      const std::vector<Tensor> fetched = fetch(condition, variables, round);
      if (!holds(found(condition.results[0], fetched, variables, round))) break;
      check_time();
      run_round(variables, round);
      ++round;
    }
  } catch (Error& error) {
    error.add_context(str("\n  in iteration ", round));
    throw;
  }
  std::vector<Tensor> outputs = std::move(variables);
  outputs.emplace_back(static_cast<int32_t>(round));
  for (std::vector<Tensor>& list : lists_) outputs.push_back(tensor_of_list(std::move(list)));
  return outputs;
}

void BodyStep::run_round(std::vector<Tensor>& variables, size_t round) {
  const BodyCall& body = flow_.bodies[1];
  const std::vector<Tensor> fetched = fetch(body, variables, round);
  for (size_t i = 0; i < lists_.size(); ++i) {
    if (body.listed[i].from == From::kNone) continue;
    lists_[i].push_back(found(body.listed[i], fetched, variables, round));
  }
  std::vector<Tensor> next;
  for (const BodySource& source : body.results) {
    next.push_back(found(source, fetched, variables, round));
  }
  variables = std::move(next);
}

void BodyStep::check_time() const {
  if (!call_.deadline || std::chrono::steady_clock::now() < *call_.deadline) return;
  fail<DeadlineExceededError>(ErrorKind::timed_out, "The run took longer than ",
                              call_.options.timeout_in_ms, " ms, its timeout_in_ms");
}

bool BodyStep::holds(const Tensor& predicate) const {
  require<FailedPreconditionError>(
      static_cast<bool>(predicate), ErrorKind::not_computed,
      "What decides has no value: a branch wasn't taken that makes it");
  if (devices_.memory_holding(predicate) == kHost) return predicate.scalar<bool>();
  return devices_.copy_to_host(predicate, call_.options).scalar<bool>();
}

std::vector<Tensor> BodyStep::fetch(const BodyCall& body, const std::vector<Tensor>& parameters,
                                    size_t round) {
  std::vector<Tensor> outputs(body.fetches.size());
  if (!body.runs()) return outputs;
  std::vector<Tensor> feeds;
  for (size_t i = 0; i < body.feeds.size(); ++i) {
    feeds.push_back(given(body.fed_from[i], parameters, round));
  }
  RunCall inside = call_;
  inside.feeds = feeds;
  inside.outputs = outputs;
  inside.is_inside = true;
  bodies_.run_body(body, inside);
  return outputs;
}

// What a body is given. What isn't kept is there as long as the body runs.
Tensor BodyStep::given(const BodySource& source, const std::vector<Tensor>& parameters,
                       size_t round) const {
  if (source.from == From::kParameter) return parameters[source.index];
  const Tensor& input = inputs_[source.index].value;
  if (source.from == From::kInput || !input) return input;
  const std::vector<Tensor>& list = list_of_tensor(input);
  return list[list.size() - 1 - round];
}

Tensor BodyStep::found(const BodySource& source, const std::vector<Tensor>& fetched,
                       const std::vector<Tensor>& parameters, size_t round) const {
  switch (source.from) {
    case From::kNone:
      return {};
    case From::kFetch:
      return fetched[source.index];
    case From::kInput:
      return kept(inputs_[source.index], devices_);
    default:
      return given(source, parameters, round);
  }
}

}  // namespace tenon::internal

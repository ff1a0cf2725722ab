// The hooks that look at values: log them, watch for NaN, compute some at the end.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/loop/hook_steps.h"
#include "core/tensor/element_types.h"
#include "core/tensor/half.h"
#include "tenon/basic_session_run_hooks.h"
#include "tenon/graph.h"

namespace tenon::train {

using tenon::internal::log_line;
using tenon::internal::require;
using tenon::internal::str;

namespace {

std::string name_of(const Fetch& fetch) {
  if (!fetch.name().empty()) return fetch.name();
  if (fetch.op()) return fetch.op().name();
  return fetch.parts().empty() ? fetch.output().name() : fetch.parts().front().name();
}

// Of a name what it names: "loss" is the one output of the operation loss.
Fetch graph_element(const Graph& graph, const Fetch& fetch) {
  const std::string& name = fetch.name();
  if (name.empty()) return fetch;
  if (name.find(':') != std::string::npos) return graph.tensor(name);
  require<ValueError>(graph.operation(name).output_count() < 2, ErrorKind::no_such_tensor, "Name ",
                      name, " is ambiguous, as this `Operation` has multiple outputs ",
                      "(at least 2).");
  return graph.tensor(name + ":0");
}

std::optional<SecondOrStepTimer> timer_of(const LoggingTensorOptions& options) {
  const bool at_end_only = options.at_end && !options.every_n_iter && !options.every_n_secs;
  require<ValueError>(
      at_end_only || options.every_n_iter.has_value() != options.every_n_secs.has_value(),
      ErrorKind::bad_argument,
      "either at_end and/or exactly one of every_n_iter and every_n_secs must be provided.");
  require<ValueError>(options.every_n_iter.value_or(1) > 0, ErrorKind::bad_argument,
                      "invalid every_n_iter=", options.every_n_iter.value_or(1), ".");
  if (at_end_only) return {};
  return SecondOrStepTimer(options.every_n_secs, options.every_n_iter);
}

bool has_nan(const Tensor& tensor) {
  return tenon::internal::with_element_type(tensor.dtype(), [&](auto element) {
    using T = decltype(element);
    if constexpr (std::is_floating_point_v<T> || std::is_same_v<T, tenon::internal::Half> ||
                  std::is_same_v<T, tenon::internal::Bfloat16>) {
      const auto* elements = static_cast<const T*>(tensor.raw());
      for (int64_t i = 0; i < tensor.element_count(); ++i) {
        if (std::isnan(static_cast<double>(static_cast<float>(elements[i])))) return true;
      }
    }
    return false;
  });
}

}  // namespace

LoggedTensors::LoggedTensors(const ListOf<Fetch>& tensors) {
  for (const Fetch& tensor : tensors) items_.emplace_back(name_of(tensor), tensor);
}

LoggedTensors::LoggedTensors(const std::map<std::string, Fetch>& by_tag)
    : items_(by_tag.begin(), by_tag.end()) {}

LoggingTensorHook::LoggingTensorHook(LoggedTensors tensors, LoggingTensorOptions options)
    : tensors_(std::move(tensors)), options_(std::move(options)), timer_(timer_of(options_)) {}

void LoggingTensorHook::begin() {
  if (timer_) timer_->reset();
  runs_ = 0;
  fetches_.clear();
  const Graph graph = get_default_graph();
  for (const auto& [tag, fetch] : tensors_.items()) fetches_.push_back(graph_element(graph, fetch));
}

SessionRunArgs LoggingTensorHook::before_run(SessionRunContext&) {
  due_ = timer_ && timer_->should_trigger_for_step(runs_);
  if (!due_) return {};
  return {.fetches = fetches_};
}

void LoggingTensorHook::after_run(SessionRunContext&, const SessionRunValues& values) {
  if (due_) log(values.results);
  ++runs_;
}

void LoggingTensorHook::end(Session& session) {
  if (options_.at_end) log(session.run(fetches_));
}

void LoggingTensorHook::log(const std::vector<Tensor>& values) {
  const auto elapsed = timer_ ? timer_->update_last_triggered_step(runs_) : std::nullopt;
  if (options_.formatter) {
    std::map<std::string, Tensor> by_tag;
    for (size_t i = 0; i < values.size(); ++i) by_tag[tensors_.items()[i].first] = values[i];
    log_line(options_.log, options_.formatter(by_tag));
    return;
  }
  std::vector<std::string> parts;
  for (size_t i = 0; i < values.size(); ++i) {
    parts.push_back(str(tensors_.items()[i].first, " = ", values[i]));
  }
  std::string line = tenon::internal::join(parts);
  if (elapsed) {
    char secs[40];
    std::snprintf(secs, sizeof secs, " (%.3f sec)", elapsed->secs);
    line += secs;
  }
  log_line(options_.log, line);
}

NanLossDuringTrainingError::~NanLossDuringTrainingError() = default;

NanTensorHook::NanTensorHook(Fetch loss, NanTensorOptions options)
    : loss_(std::move(loss)), options_(std::move(options)) {}

SessionRunArgs NanTensorHook::before_run(SessionRunContext&) { return {.fetches = {loss_}}; }

void NanTensorHook::after_run(SessionRunContext& context, const SessionRunValues& values) {
  if (!has_nan(values.results[0])) return;
  require<NanLossDuringTrainingError>(!options_.fail_on_nan_loss, ErrorKind::bad_argument,
                                      "NaN loss during training.");
  log_line(options_.log, "Model diverged with loss = NaN.");
  context.request_stop();
}

FinalOpsHook::FinalOpsHook(ListOf<Fetch> final_ops, Feeds final_ops_feed_dict)
    : final_ops_(std::move(final_ops)), feeds_(std::move(final_ops_feed_dict)) {}

void FinalOpsHook::end(Session& session) { values_ = session.run(final_ops_.items(), feeds_); }

}  // namespace tenon::train

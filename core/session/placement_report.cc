// What a run copies between devices, and reports of that and of where operations are.
#include "core/base/strings.h"
#include "core/session/session_state.h"
#include "core/tensor/byte_count.h"

namespace tenon {

using internal::str;

namespace internal {

std::vector<DeviceCopy> copies_of(const Plan& plan) {
  std::vector<DeviceCopy> copies;
  for (const Step& step : plan.steps) {
    if (step.kind != StepKind::kReceive) continue;  // each send has one
    copies.push_back({.operation = step.node->name,
                      .from = plan.devices[static_cast<size_t>(step.peer)]->name(),
                      .to = plan.devices[static_cast<size_t>(step.device)]->name(),
                      .dtype = step.value.dtype,
                      .shape = step.value.shape,
                      .bytes = byte_count(step.value.dtype, step.value.shape)});
  }
  return copies;
}

}  // namespace internal

size_t PlacementReport::copied_bytes() const {
  size_t bytes = 0;
  for (const DeviceCopy& copy : copies) bytes += copy.bytes;
  return bytes;
}

std::string PlacementReport::to_string() const {
  std::string text;
  for (const PlacedOperation& one : operations) {
    text += str(one.operation, " (", one.type, ") ", one.device, ": ", one.reason, "\n");
  }
  for (const DeviceCopy& copy : copies) {
    text += str(copy.operation, " ", copy.dtype, copy.shape, " ", copy.from, " -> ", copy.to, ": ",
                copy.bytes, " bytes\n");
  }
  if (!copies.empty()) text += str(copied_bytes(), " bytes cross devices\n");
  return text;
}

}  // namespace tenon

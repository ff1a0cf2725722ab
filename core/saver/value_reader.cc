#include "core/saver/value_reader.h"

#include <utility>

#include "core/session/session_state.h"

namespace tenon::internal {

ValueReader::ValueReader(Session& session, const TensorSource& source)
    : session_(session),
      source_(source),
      threads_(thread_count(session.state()->options().threads)) {}

void ValueReader::restore(const SavedVariable& variable, size_t part,
                          const train::RestorePlan::Entry& entry, VariableStorage& storage) {
  const Variable& target = variable.parts[part].variable;
  Device& device = storage.device();
  if (!device.host_memory() || storage.is_elsewhere()) {
    return target.load(read(variable, part, entry, {.threads = &threads_}), session_);
  }
  const auto allocate_here = [this, &device](DType dtype, const Shape& shape) {
    return allocate(device, dtype, shape);
  };
  Tensor value = read(variable, part, entry, {.allocate = allocate_here, .threads = &threads_});
  const VariableAccess access(storage, Access::kWrite);
  storage.reshaped = !target.shape().compatible_with(value.shape());
  std::swap(storage.value, value);
  if (!value || value.buffer().use_count() > 1) return;
  spare_ = std::move(value);
  spare_from_ = &device;
}

Tensor ValueReader::read(const SavedVariable& variable, size_t part,
                         const train::RestorePlan::Entry& entry, const Reading& reading) const {
  if (!variable.is_whole()) return source_.read(entry.tensor, variable.parts[part].slice, reading);
  const Tensor whole = source_.read(entry.tensor, reading);
  return entry.shape.compatible_with(whole.shape()) ? whole : whole.reshaped(entry.shape);
}

Tensor ValueReader::allocate(Device& device, DType dtype, const Shape& shape) {
  const Tensor spare = std::exchange(spare_, {});
  const bool fits = spare && spare_from_ == &device && dtype != DType::string &&
                    spare.dtype() == dtype && spare.element_count() == shape.element_count();
  return fits ? spare.reshaped(shape) : allocate_tensor(device, dtype, shape);
}

}  // namespace tenon::internal

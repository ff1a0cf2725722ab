// Values on their way from a checkpoint to variables.
#pragma once

#include <cstddef>

#include "core/base/parallel.h"
#include "core/io/tensor_source.h"
#include "core/saver/saved_variables.h"
#include "core/transport/variable_storage.h"
#include "tenon/saver.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// Reads with as many threads as the session has. On the host what is read becomes the variable's
// memory, and what the variable had before takes the next value of that size: pages that are there
// needn't be made, which takes longer than reading.
class ValueReader {
 public:
  // Both must outlive it.
  ValueReader(Session& session, const TensorSource& source);

  // The variable has its old value unless the new one has been read whole and checked.
  void restore(const SavedVariable& variable, size_t part, const train::RestorePlan::Entry& entry,
               VariableStorage& storage);

 private:
  // A part of a tensor, or all of it, in the shape of its variable.
  Tensor read(const SavedVariable& variable, size_t part, const train::RestorePlan::Entry& entry,
              const Reading& reading) const;
  Tensor allocate(Device& device, DType dtype, const Shape& shape);

  Session& session_;
  const TensorSource& source_;
  ThreadPool threads_;
  Tensor spare_;  // nobody else has it
  const Device* spare_from_ = nullptr;
};

}  // namespace tenon::internal

#include "core/io/v1_source.h"

#include <map>
#include <memory>
#include <optional>
#include <protozero/exception.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/io/checkpoint_protos.h"
#include "core/io/dtype_numbers.h"
#include "core/io/tensor_proto.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {

namespace {

[[noreturn]] void fail_v1(const Table& table, std::string_view problem) {
  fail<DataLossError>(ErrorKind::corrupt_file, "Checkpoint ", table.path(),
                      " is corrupt: ", problem);
}

// What a file says of its tensors: stands under the empty key.
std::vector<SavedTensor> saved_tensors(const Table& table) {
  const std::optional<std::string> about = table.find("");
  if (!about) fail_v1(table, "it doesn't say what it holds");
  try {
    return decode_saved_tensors(*about);
  } catch (const protozero::exception&) {
    fail_v1(table, "what it says of its tensors can't be read");
  }
}

}  // namespace

V1Source::V1Source(const std::string& path, const std::vector<std::string>& files)
    : TensorSource(path) {
  std::map<std::string, std::pair<SavedTensor, std::vector<Piece>>> found;
  for (const std::string& file : files) {
    tables_.push_back(std::make_unique<Table>(file));
    const Table& table = *tables_.back();
    for (SavedTensor& saved : saved_tensors(table)) {
      if (!count_said(saved.shape)) fail_v1(table, "tensor " + saved.name + " has no shape");
      auto& [whole, pieces] =
          found.try_emplace(saved.name, saved, std::vector<Piece>()).first->second;
      if (whole.shape != saved.shape || whole.dtype != saved.dtype) {
        fail_v1(table, "the parts of tensor " + saved.name + " differ in dtype or whole shape");
      }
      for (TensorSlice& slice : saved.slices) {
        const size_t id = parts_.size();
        parts_.push_back({&table, slice_key(saved.name, slice)});
        pieces.push_back({std::move(slice), id});
      }
    }
  }
  for (auto& [name, tensor] : found) {
    auto& [whole, pieces] = tensor;
    add({name, dtype_of_number(whole.dtype), whole.shape, dtype_name_of_number(whole.dtype)},
        std::move(pieces));
  }
  finish();
}

Tensor V1Source::read_piece(const train::StoredVariable& variable, const Piece& piece,
                            const Reading& reading) const {
  const Part& part = parts_[piece.id];
  const std::optional<std::string> stored = part.table->find(part.key);
  if (!stored) fail_v1(*part.table, "the values of tensor " + variable.name + " aren't there");
  try {
    const std::string_view values = saved_slice_data(*stored);
    const Shape shape = piece.slice.shape();
    // Each value takes a byte at least.
    if (static_cast<uint64_t>(shape.element_count()) <= values.size()) {
      Tensor tensor = reading.allocate(variable.dtype, shape);
      if (decode_tensor_values(values, tensor)) return tensor;
    }
  } catch (const protozero::exception&) {  // NOLINT(bugprone-empty-catch): it is said below
  }
  fail_v1(*part.table, "the values of tensor " + variable.name + " aren't those of its shape");
}

}  // namespace tenon::internal

// A file of tensors that is open for reading, whatever its format.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/parallel.h"
#include "core/io/tensor_slice.h"
#include "core/tensor/buffer.h"
#include "tenon/checkpoint.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// How a tensor is read.
struct Reading {
  std::function<Tensor(DType, const Shape&)> allocate = uninitialized_tensor;  // what is answered
  ThreadPool* threads = nullptr;  // they share the work of large tensors; null: the caller alone
};

// A format derives from it, and in its constructor calls add for each tensor and then finish.
// Thread-safe from then on.
class TensorSource {
 public:
  explicit TensorSource(std::string path) : path_(std::move(path)) {}
  virtual ~TensorSource() = default;
  TensorSource(const TensorSource&) = delete;
  TensorSource& operator=(const TensorSource&) = delete;

  const std::string& path() const { return path_; }
  const std::vector<train::StoredVariable>& variables() const { return variables_; }
  // Null where there is no such tensor.
  const train::StoredVariable* find(std::string_view name) const;
  // The same, but throws NotFoundError (not_in_checkpoint) with the names that come near.
  const train::StoredVariable& at(std::string_view name) const;

  // Throws as CheckpointReader::get_tensor does.
  Tensor read(std::string_view name, const Reading& reading = {}) const;
  // A part of it, by a slice that fits: what of it isn't asked for is checked, too.
  Tensor read(std::string_view name, const TensorSlice& slice, const Reading& reading = {}) const;

 protected:
  // A part of a tensor as the file has it.
  struct Piece {
    TensorSlice slice;
    size_t id = 0;  // of the format's own
  };

  // The slices of the pieces may have lengths left out. Throws DataLossError (corrupt_file) when
  // they don't make up the shape.
  void add(train::StoredVariable variable, std::vector<Piece> pieces);
  // Throws DataLossError (corrupt_file) for a name that was added twice.
  void finish();

 private:
  // The values of one piece, of the variable's dtype, which Tenon has. What is allocated must have
  // been seen to fit into the file.
  virtual Tensor read_piece(const train::StoredVariable& variable, const Piece& piece,
                            const Reading& reading) const = 0;
  Tensor read_checked(const train::StoredVariable& variable, const Piece& piece,
                      const Reading& reading) const;
  size_t index_of(const train::StoredVariable& variable) const {
    return static_cast<size_t>(&variable - variables_.data());
  }

  std::string path_;
  std::vector<train::StoredVariable> variables_;  // by name
  std::vector<std::vector<Piece>> pieces_;        // of each
};

// Opens the checkpoint that `path` names: by its prefix, a file or its folder.
std::unique_ptr<TensorSource> open_checkpoint(const std::string& path);

}  // namespace tenon::internal

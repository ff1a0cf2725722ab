// Checkpoints: what is in a file of saved tensors, and its values, without a graph or session.
//
//   train::CheckpointReader reader("run/model-100");
//   for (const train::StoredVariable& v : reader.variables()) std::cout << v.name << v.shape;
//   Tensor w = reader.get_tensor("layer1/w");
//   Tensor b = train::load_variable("run", "layer1/b");  // of the latest one in a folder
//
// TensorFlow's files are read as they are: those of today (V2: model.index,
// model.data-?????-of-?????) and those of old (V1: model.ckpt, model.ckpt-?????-of-?????). A
// checkpoint is named by its prefix
// ("run/model-100"), by any one of its files, or by its folder: then the latest one is meant, which
// the folder's file `checkpoint` names, or the only one there.
//
// Every byte that is read is checked against its checksum. What isn't there throws NotFoundError
// (no_such_file), what isn't what was written DataLossError (corrupt_file), with the file's name.
// Saver (tenon/saver.h) writes checkpoints, and restores a session from them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon {

namespace internal {
class TensorSink;
class TensorSource;
}  // namespace internal

namespace train {

// What a checkpoint says of a tensor. One that was saved in parts is listed once, as a whole.
struct StoredVariable {
  std::string name = {};
  DType dtype = DType::invalid;  // invalid: a dtype that Tenon hasn't got (complex64, ...)
  Shape shape = {};
  std::string dtype_name = {};  // "float32", "complex64", ...
};

// A checkpoint that is open for reading (tf.train.NewCheckpointReader). Copies share it; reading is
// safe from any thread. The values are read when they are asked for.
class TENON_API CheckpointReader {
 public:
  explicit CheckpointReader(std::string_view path, Location where = Location::current());

  // All that it holds, in the order of names.
  const std::vector<StoredVariable>& variables() const;
  bool has_tensor(std::string_view name) const;
  // Throws NotFoundError (not_in_checkpoint), with the names that come near;
  // UnimplementedError (dtype_incompatible) for a dtype that Tenon hasn't got.
  Tensor get_tensor(std::string_view name, Location where = Location::current()) const;
  std::map<std::string, Shape> get_variable_to_shape_map() const;
  std::map<std::string, DType> get_variable_to_dtype_map() const;
  // "name (DT_FLOAT) [2,3]", one line a tensor, as TensorFlow prints it.
  std::string debug_string() const;
  // What was opened: the prefix, or the one file.
  const std::string& path() const;

  // Internal.
  const internal::TensorSource& source() const { return *source_; }

 private:
  std::shared_ptr<const internal::TensorSource> source_;
};

// Writes a file of tensors, in the format that the path's end says: `.safetensors`, `.npz`, else
// TensorFlow's V2 with the path as its prefix. It has its name only when all of it is on the disk.
class TENON_API CheckpointWriter {
 public:
  // What will be added, by name, dtype and shape: safetensors says that before the values. Throws
  // UnimplementedError (dtype_incompatible) for strings where the format can't hold them.
  CheckpointWriter(std::string_view path, std::vector<StoredVariable> variables,
                   Location where = Location::current());
  ~CheckpointWriter();  // one that isn't finished leaves nothing behind
  CheckpointWriter(CheckpointWriter&&) noexcept;

  // All of them, in that order. Throws ValueError (bad_argument) for another.
  void add(std::string_view name, const Tensor& tensor, Location where = Location::current());
  void finish(Location where = Location::current());

 private:
  std::unique_ptr<internal::TensorSink> sink_;
  std::vector<StoredVariable> variables_;
  size_t next_ = 0;
};

TENON_API CheckpointReader load_checkpoint(std::string_view path,
                                           Location where = Location::current());
TENON_API std::vector<StoredVariable> list_variables(std::string_view path,
                                                     Location where = Location::current());
TENON_API Tensor load_variable(std::string_view path, std::string_view name,
                               Location where = Location::current());
// Whether there is a checkpoint of that prefix (not: of that folder), as TensorFlow asks it.
TENON_API bool checkpoint_exists(std::string_view prefix, Location where = Location::current());

// What a folder's file `checkpoint` says. Paths are as the program would write them: relative ones
// of the file have the folder put before them.
struct CheckpointState {
  std::string model_checkpoint_path = {};                    // the latest
  std::vector<std::string> all_model_checkpoint_paths = {};  // oldest first, the latest included
  std::vector<double> all_model_checkpoint_timestamps = {};  // seconds since 1970, of each
  double last_preserved_timestamp = 0;                       // when one was last kept for good
};

// Left out, latest_filename is "checkpoint". Without such a file the state is empty.
// Throws DataLossError (corrupt_file) for one that can't be read.
TENON_API CheckpointState get_checkpoint_state(std::string_view folder,
                                               std::string_view latest_filename = {},
                                               Location where = Location::current());
// Writes it, at once and whole. `save_relative_paths`: paths in the folder are written without it,
// so that the folder may be moved.
TENON_API void update_checkpoint_state(std::string_view folder, const CheckpointState& state,
                                       bool save_relative_paths = true,
                                       std::string_view latest_filename = {},
                                       Location where = Location::current());
// The prefix of the latest checkpoint, which is there; empty when there is none.
TENON_API std::string latest_checkpoint(std::string_view folder,
                                        std::string_view latest_filename = {},
                                        Location where = Location::current());

}  // namespace train
}  // namespace tenon

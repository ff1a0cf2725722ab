// The public face of reading checkpoints.
#include "tenon/checkpoint.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/strings.h"
#include "core/io/dtype_numbers.h"
#include "core/io/file.h"
#include "core/io/shard_name.h"
#include "core/io/tensor_source.h"

namespace tenon::train {

CheckpointReader::CheckpointReader(std::string_view path)
    : source_(internal::open_checkpoint(std::string(path))) {}

const std::vector<StoredVariable>& CheckpointReader::variables() const {
  return source_->variables();
}

bool CheckpointReader::has_tensor(std::string_view name) const {
  return source_->find(name) != nullptr;
}

Tensor CheckpointReader::get_tensor(std::string_view name) const { return source_->read(name); }

std::map<std::string, Shape> CheckpointReader::get_variable_to_shape_map() const {
  std::map<std::string, Shape> shapes;
  for (const StoredVariable& variable : variables()) shapes[variable.name] = variable.shape;
  return shapes;
}

std::map<std::string, DType> CheckpointReader::get_variable_to_dtype_map() const {
  std::map<std::string, DType> dtypes;
  for (const StoredVariable& variable : variables()) dtypes[variable.name] = variable.dtype;
  return dtypes;
}

std::string CheckpointReader::debug_string() const {
  std::string text;
  for (const StoredVariable& variable : variables()) {
    text += internal::str(variable.name, " (", internal::enum_name_of_dtype(variable.dtype_name),
                          ") [", internal::join(variable.shape.sizes(), ","), "]\n");
  }
  return text;
}

const std::string& CheckpointReader::path() const { return source_->path(); }

CheckpointReader load_checkpoint(std::string_view path) { return CheckpointReader(path); }

std::vector<StoredVariable> list_variables(std::string_view path) {
  return CheckpointReader(path).variables();
}

Tensor load_variable(std::string_view path, std::string_view name) {
  return CheckpointReader(path).get_tensor(name);
}

bool checkpoint_exists(std::string_view prefix) {
  const std::string path(prefix);
  if (internal::file_exists(internal::bundle_index(path)) || internal::file_exists(path)) {
    return true;
  }
  for (const std::string& file : internal::names_in(internal::folder_of(path))) {
    const internal::ShardName name = internal::shard_name(file);
    if (name.shards != 0 && !name.is_data && name.prefix == internal::name_of(path)) return true;
  }
  return false;
}

}  // namespace tenon::train

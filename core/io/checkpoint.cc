// The public face of reading checkpoints.
#include "tenon/checkpoint.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/io/dtype_numbers.h"
#include "core/io/file.h"
#include "core/io/shard_name.h"
#include "core/io/tensor_sink.h"
#include "core/io/tensor_source.h"

namespace tenon::train {

namespace {

std::shared_ptr<const internal::TensorSource> opened(std::string_view path, const Location& where) {
  const internal::CallerLine line(where);
  return internal::open_checkpoint(std::string(path));
}

std::unique_ptr<internal::TensorSink> started(std::string_view path,
                                              const std::vector<StoredVariable>& variables,
                                              const Location& where) {
  const internal::CallerLine line(where);
  return internal::make_sink(std::string(path), variables);
}

}  // namespace

CheckpointReader::CheckpointReader(std::string_view path, Location where)
    : source_(opened(path, where)) {}

const std::vector<StoredVariable>& CheckpointReader::variables() const {
  return source_->variables();
}

bool CheckpointReader::has_tensor(std::string_view name) const {
  return source_->find(name) != nullptr;
}

Tensor CheckpointReader::get_tensor(std::string_view name, Location where) const {
  const internal::CallerLine line(where);
  return source_->read(name);
}

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

CheckpointWriter::CheckpointWriter(std::string_view path, std::vector<StoredVariable> variables,
                                   Location where)
    : sink_(started(path, variables, where)), variables_(std::move(variables)) {}

CheckpointWriter::~CheckpointWriter() = default;
CheckpointWriter::CheckpointWriter(CheckpointWriter&&) noexcept = default;

void CheckpointWriter::add(std::string_view name, const Tensor& tensor, Location where) {
  const internal::CallerLine line(where);
  internal::require<ValueError>(next_ < variables_.size() && variables_[next_].name == name &&
                                    variables_[next_].dtype == tensor.dtype() &&
                                    variables_[next_].shape == tensor.shape(),
                                ErrorKind::bad_argument, "Tensor ", name, " (", tensor.dtype(), ' ',
                                tensor.shape(), ") is not the one that was to come next");
  sink_->add(std::string(name), tensor);
  ++next_;
}

void CheckpointWriter::finish(Location where) {
  const internal::CallerLine line(where);
  internal::require<ValueError>(next_ == variables_.size(), ErrorKind::bad_argument,
                                variables_.size() - next_,
                                " tensors that were to come are missing");
  sink_->finish();
}

CheckpointReader load_checkpoint(std::string_view path, Location where) {
  return CheckpointReader(path, where);
}

std::vector<StoredVariable> list_variables(std::string_view path, Location where) {
  return CheckpointReader(path, where).variables();
}

Tensor load_variable(std::string_view path, std::string_view name, Location where) {
  return CheckpointReader(path, where).get_tensor(name, where);
}

bool checkpoint_exists(std::string_view prefix, Location where) {
  const internal::CallerLine line(where);
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

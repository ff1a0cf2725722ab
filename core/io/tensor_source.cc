#include "core/io/tensor_source.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace tenon::internal {

using train::StoredVariable;

const StoredVariable* TensorSource::find(std::string_view name) const {
  const auto at =
      std::lower_bound(variables_.begin(), variables_.end(), name,
                       [](const StoredVariable& v, std::string_view n) { return v.name < n; });
  return at == variables_.end() || at->name != name ? nullptr : &*at;
}

const StoredVariable& TensorSource::at(std::string_view name) const {
  if (const StoredVariable* variable = find(name)) return *variable;
  std::vector<std::string> names;
  for (const StoredVariable& variable : variables_) names.push_back(variable.name);
  const std::vector<std::string> near = nearest_names(name, names);
  fail<NotFoundError>(ErrorKind::not_in_checkpoint, "Key ", name, " not found in checkpoint ",
                      path_, near.empty() ? "" : "; it has " + join(near));
}

Tensor TensorSource::read(std::string_view name, const Reading& reading) const {
  return read(name, TensorSlice::whole(at(name).shape), reading);
}

Tensor TensorSource::read(std::string_view name, const TensorSlice& slice,
                          const Reading& reading) const {
  const StoredVariable& variable = at(name);
  require<UnimplementedError>(size_of(variable.dtype) != 0, ErrorKind::dtype_incompatible,
                              "Tensor ", name, " in checkpoint ", path_, " is of dtype ",
                              variable.dtype_name, ", which Tenon doesn't have");
  require<InvalidArgumentError>(slice.fits(variable.shape), ErrorKind::shape_incompatible, "Slice ",
                                slice.to_string(), " doesn't fit into tensor ", name, " of shape ",
                                variable.shape, " in checkpoint ", path_);
  const std::vector<Piece>& pieces = pieces_[index_of(variable)];
  const TensorSlice wanted = slice.resolved(variable.shape);
  for (const Piece& piece : pieces) {
    if (piece.slice == wanted) return read_checked(variable, piece, reading);
  }
  Tensor tensor = reading.allocate(variable.dtype, wanted.shape());
  const Reading aside = {.threads = reading.threads};
  for (const Piece& piece : pieces) {
    if (overlap_count(piece.slice, wanted) == 0) continue;
    copy_overlap(read_checked(variable, piece, aside), piece.slice, tensor, wanted);
  }
  return tensor;
}

// No bytes but 0 and 1 are bools: a file may have others.
Tensor TensorSource::read_checked(const StoredVariable& variable, const Piece& piece,
                                  const Reading& reading) const {
  Tensor tensor = read_piece(variable, piece, reading);
  if (tensor.dtype() == DType::bool_) {
    auto* bytes = static_cast<char*>(tensor.raw());
    std::transform(bytes, bytes + tensor.bytes(), bytes,
                   [](char byte) { return static_cast<char>(byte != 0); });
  }
  return tensor;
}

void TensorSource::add(StoredVariable variable, std::vector<Piece> pieces) {
  std::vector<TensorSlice> slices;
  bool fit = true;
  for (Piece& piece : pieces) {
    fit = fit && piece.slice.fits(variable.shape);
    if (!fit) break;
    piece.slice = piece.slice.resolved(variable.shape);
    slices.push_back(piece.slice);
  }
  require<DataLossError>(fit && cover_once(slices, variable.shape), ErrorKind::corrupt_file,
                         "Checkpoint ", path_, " is corrupt: the parts of ", variable.name,
                         " don't make up its shape ", variable.shape);
  variables_.push_back(std::move(variable));
  pieces_.push_back(std::move(pieces));
}

void TensorSource::finish() {
  std::vector<size_t> order(variables_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return variables_[a].name < variables_[b].name; });
  std::vector<StoredVariable> variables;
  std::vector<std::vector<Piece>> pieces;
  for (const size_t i : order) {
    require<DataLossError>(variables.empty() || variables.back().name != variables_[i].name,
                           ErrorKind::corrupt_file, "Checkpoint ", path_,
                           " is corrupt: it has tensor ", variables_[i].name, " twice");
    variables.push_back(std::move(variables_[i]));
    pieces.push_back(std::move(pieces_[i]));
  }
  variables_ = std::move(variables);
  pieces_ = std::move(pieces);
}

}  // namespace tenon::internal

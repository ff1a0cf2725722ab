// What takes strings apart and puts them together, as graphs that TensorFlow 1 wrote have it. What
// comes of that has shapes that only the run knows.
#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/kernels/strides.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/host_op.h"

namespace tenon::internal {
namespace {

Shapes parts_shape(const ShapeContext&) { return {Shape{kUnknown, 2}, Shape{kUnknown}, Shape{2}}; }

Shapes raw_shape(const ShapeContext& context) {
  return {concatenated(context.inputs[0], Shape{kUnknown})};
}

using Parts = std::vector<std::string>;

std::vector<Tensor> inputs_of(const HostCall& call) {
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < call.inputs(); ++i) inputs.push_back(call.input(i));
  return inputs;
}

const std::string* strings(const Tensor& tensor) {
  return static_cast<const std::string*>(tensor.raw());
}

// Cut at each of the delimiter's characters; between all characters where it has none.
Parts parts_between(std::string_view text, std::string_view delimiters, bool skip_empty) {
  Parts parts;
  if (delimiters.empty()) {
    for (const char character : text) parts.emplace_back(1, character);
    return parts;
  }
  while (true) {
    const size_t end = text.find_first_of(delimiters);
    const std::string_view part = text.substr(0, end);
    if (!part.empty() || !skip_empty) parts.emplace_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// As Python's str.split: at most so many times; without a separator at any white space.
Parts parts_as_in_python(std::string_view text, std::string_view separator, int64_t most) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  Parts parts;
  const bool at_space = separator.empty();
  const auto skip_space = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  };
  if (at_space) skip_space();
  for (int64_t cuts = 0; most < 0 || cuts < most; ++cuts) {
    const size_t end = at_space ? text.find_first_of(kSpace) : text.find(separator);
    if (end == std::string_view::npos) break;
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end + (at_space ? 1 : separator.size()));
    if (at_space) skip_space();
  }
  if (!at_space || !text.empty()) parts.emplace_back(text);
  return parts;
}

// The parts of each text, as a sparse tensor: where they stand, what they are, and how many.
std::vector<Tensor> sparse_parts(const std::vector<Parts>& of_texts) {
  std::vector<int64_t> indices;
  Parts values;
  size_t most = 0;
  for (size_t i = 0; i < of_texts.size(); ++i) {
    for (size_t j = 0; j < of_texts[i].size(); ++j) {
      indices.push_back(static_cast<int64_t>(i));
      indices.push_back(static_cast<int64_t>(j));
      values.push_back(of_texts[i][j]);
    }
    most = std::max(most, of_texts[i].size());
  }
  const auto count = static_cast<int64_t>(values.size());
  Tensor parts(DType::string, {count});
  std::move(values.begin(), values.end(), static_cast<std::string*>(parts.raw()));
  return {Tensor::from<int64_t>(indices, {count, 2}), parts,
          Tensor({static_cast<int64_t>(of_texts.size()), static_cast<int64_t>(most)})};
}

// A vector of texts, each cut by one delimiter.
template <typename Cut>
std::vector<Tensor> all_parts(HostCall& call, const Cut& cut) {
  const std::vector<Tensor> inputs = inputs_of(call);
  require(inputs[0].shape().rank() == 1 && inputs[1].element_count() == 1,
          ErrorKind::shape_incompatible, "A vector of strings is split by one delimiter, not ",
          inputs[0].shape(), " by ", inputs[1].shape());
  const std::string& delimiter = *strings(inputs[1]);
  std::vector<Parts> parts;
  for (int64_t i = 0; i < inputs[0].element_count(); ++i) {
    const std::string& text = strings(inputs[0])[i];
    parts.push_back(cut(text, delimiter));
  }
  return sparse_parts(parts);
}

std::vector<Tensor> split(HostCall& call) {
  const bool skip_empty = call.attr<bool>("skip_empty");
  return all_parts(call, [&](std::string_view text, std::string_view delimiters) {
    return parts_between(text, delimiters, skip_empty);
  });
}
std::vector<Tensor> split_as_in_python(HostCall& call) {
  const auto most = call.attr<int64_t>("maxsplit");
  return all_parts(call, [&](std::string_view text, std::string_view separator) {
    return parts_as_in_python(text, separator, most);
  });
}

std::vector<Tensor> decode_raw(HostCall& call) {
  const std::vector<Tensor> inputs = inputs_of(call);
  const auto dtype = call.attr<DType>("out_type");
  require<UnimplementedError>(call.attr<bool>("little_endian") || size_of(dtype) == 1,
                              ErrorKind::no_kernel, "DecodeRaw of big-endian numbers");
  const size_t size = size_of(dtype);
  const int64_t count = inputs[0].element_count();
  const size_t length = count == 0 ? 0 : strings(inputs[0])[0].size();
  require(size > 0 && length % size == 0, ErrorKind::bad_argument, "Input to DecodeRaw has length ",
          length, " that is not a multiple of ", size, ", the size of ", dtype);
  Tensor numbers(dtype,
                 concatenated(inputs[0].shape(), Shape{static_cast<int64_t>(length / size)}));
  for (int64_t i = 0; i < count; ++i) {
    const std::string& bytes = strings(inputs[0])[i];
    require(bytes.size() == length, ErrorKind::bad_argument,
            "DecodeRaw requires input strings to all be the same size, but element ", i,
            " has size ", bytes.size(), " != ", length);
    if (length == 0) continue;
    std::memcpy(static_cast<char*>(numbers.raw()) + static_cast<size_t>(i) * length, bytes.data(),
                length);
  }
  return {numbers};
}

std::vector<Tensor> join_texts(HostCall& call) {
  const std::vector<Tensor> inputs = inputs_of(call);
  const auto separator = call.attr<std::string>("separator");
  Shape shape;
  for (const Tensor& input : inputs) {
    if (input.shape().rank() > 0) shape = input.shape();
  }
  for (const Tensor& input : inputs) {
    require(input.shape().rank() == 0 || input.shape() == shape, ErrorKind::shape_incompatible,
            "Strings of shapes ", shape, " and ", input.shape(), " can't be joined");
  }
  Tensor whole(DType::string, shape);
  for (int64_t i = 0; i < whole.element_count(); ++i) {
    std::string& text = static_cast<std::string*>(whole.raw())[i];
    for (size_t n = 0; n < inputs.size(); ++n) {
      if (n > 0) text += separator;
      text += strings(inputs[n])[inputs[n].shape().rank() == 0 ? 0 : i];
    }
  }
  return {whole};
}

// Joins along some axes, the first that is named going round fastest.
std::vector<Tensor> reduce_join(HostCall& call) {
  const std::vector<Tensor> inputs = inputs_of(call);
  const Shape& shape = inputs[0].shape();
  const auto separator = call.attr<std::string>("separator");
  const bool keeps = call.attr<bool>("keep_dims");
  std::vector<int> axes;
  for (const int32_t axis : inputs[1].to_vector<int32_t>()) {
    require(axis >= -shape.rank() && axis < shape.rank(), ErrorKind::bad_argument,
            "Invalid reduction dimension ", axis, " for input with ", shape.rank(),
            " dimension(s)");
    axes.push_back(axis < 0 ? axis + shape.rank() : axis);
  }
  require(std::set<int>(axes.begin(), axes.end()).size() == axes.size(), ErrorKind::bad_argument,
          "Duplicate reduction dimension");
  if (axes.empty()) return {inputs[0].clone()};
  const auto is_joined = [&](int axis) {
    return std::find(axes.begin(), axes.end(), axis) != axes.end();
  };
  std::vector<int64_t> sizes;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!is_joined(axis) || keeps) sizes.push_back(is_joined(axis) ? 1 : shape[axis]);
  }
  Tensor whole(DType::string, Shape(sizes));
  if (inputs[0].element_count() == 0) return {whole};  // other sizes may be beyond memory
  const std::vector<int64_t> strides = row_major_strides(shape);
  std::vector<int64_t> offsets = {0}, places = {0};
  const auto spread = [&](std::vector<int64_t>& over, int axis) {
    std::vector<int64_t> wider;
    for (const int64_t place : over) {
      for (int64_t i = 0; i < shape[axis]; ++i) {
        wider.push_back(place + i * strides[static_cast<size_t>(axis)]);
      }
    }
    over = std::move(wider);
  };
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) spread(offsets, *axis);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!is_joined(axis)) spread(places, axis);
  }
  for (size_t i = 0; i < places.size(); ++i) {
    std::string& text = static_cast<std::string*>(whole.raw())[i];
    for (size_t n = 0; n < offsets.size(); ++n) {
      if (n > 0) text += separator;
      text += strings(inputs[0])[places[i] + offsets[n]];
    }
  }
  return {whole};
}

}  // namespace

void register_flow_text(OpRegistry& ops) {
  const std::vector<std::string> parts = {"indices: int64", "values: string", "shape: int64"};
  ops.add(host_op({.name = "StringSplit",
                   .inputs = {"input: string", "delimiter: string"},
                   .outputs = parts,
                   .defaults = {{"skip_empty", true}},
                   .shape = parts_shape,
                   .host = split}));
  ops.add(host_op({.name = "StringSplitV2",
                   .inputs = {"input: string", "sep: string"},
                   .outputs = parts,
                   .defaults = {{"maxsplit", int64_t{-1}}},
                   .shape = parts_shape,
                   .host = split_as_in_python}));
  ops.add(host_op({.name = "StringJoin",
                   .inputs = {"inputs: N * string"},
                   .outputs = {"output: string"},
                   .defaults = {{"separator", std::string()}},
                   .shape = unknown_shape,
                   .host = join_texts}));
  ops.add(host_op({.name = "ReduceJoin",
                   .inputs = {"inputs: string", "reduction_indices: int32"},
                   .outputs = {"output: string"},
                   .defaults = {{"keep_dims", false}, {"separator", std::string()}},
                   .shape = unknown_shape,
                   .host = reduce_join}));
  std::vector<DType> of_bytes = kUsualNumbers;
  of_bytes.push_back(bool_);
  ops.add(host_op({.name = "DecodeRaw",
                   .inputs = {"bytes: string"},
                   .outputs = {"output: out_type"},
                   .defaults = {{"little_endian", true}},
                   .types = {{"out_type", of_bytes}},
                   .shape = raw_shape,
                   .host = decode_raw}));
}

}  // namespace tenon::internal

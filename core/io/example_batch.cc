#include "core/io/example_batch.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/io/example_proto.h"

namespace tenon::internal {

namespace {

const std::string& text_at(const Tensor& tensor, int64_t i) {
  return static_cast<const std::string*>(tensor.raw())[i];
}

std::string_view type_name(DType dtype) {
  return dtype == DType::float32 ? "float" : dtype == DType::int64 ? "int64" : "string";
}

// The values of all features in all examples, read and checked.
class Examples {
 public:
  using Column = std::vector<ExampleFeature>;  // of one feature

  explicit Examples(const WantedExamples& wanted)
      : wanted_(wanted),
        dense_(wanted.dense.size()),
        sparse_(wanted.sparse.size()),
        ragged_(wanted.ragged.size()) {
    for (int64_t i = 0; i < wanted.serialized.element_count(); ++i) read(i);
  }

  const Column& dense(size_t feature) const { return dense_[feature]; }
  const Column& sparse(size_t feature) const { return sparse_[feature]; }
  const Column& ragged(size_t feature) const { return ragged_[feature]; }

 private:
  void read(int64_t i) {
    const std::string& text = text_at(wanted_.serialized, i);
    const std::optional<ExampleFeatures> features = decode_example(text);
    require(features.has_value(), ErrorKind::bad_argument,
            "Could not parse example input, value: '", text, "'");
    for (size_t n = 0; n < dense_.size(); ++n) {
      dense_[n].push_back(feature_of(*features, wanted_.dense[n].key, i));
      check(dense_[n].back(), wanted_.dense[n], i);
    }
    const auto read_listed = [&](const std::vector<ListedFeature>& listed,
                                 std::vector<Column>& columns) {
      for (size_t n = 0; n < columns.size(); ++n) {
        columns[n].push_back(feature_of(*features, listed[n].key, i));
        const DType have = columns[n].back().dtype;
        if (have == DType::invalid || have == listed[n].dtype) continue;
        fail(ErrorKind::dtype_incompatible, place(listed[n].key, i),
             "Data types don't match. Expected type: ", type_name(listed[n].dtype),
             ", Actual type: ", type_name(have));
      }
    };
    read_listed(wanted_.sparse, sparse_);
    read_listed(wanted_.ragged, ragged_);
  }

  ExampleFeature feature_of(const ExampleFeatures& features, std::string_view key,
                            int64_t i) const {
    const auto at = features.find(key);
    if (at == features.end()) return {};
    std::optional<ExampleFeature> feature = decode_feature(at->second);
    if (!feature) {
      fail(ErrorKind::bad_argument, place(key, i), "Can't parse serialized Example.");
    }
    return std::move(*feature);
  }

  void check(const ExampleFeature& found, const DenseFeature& wanted, int64_t i) const {
    const DType dtype = wanted.standard.dtype();
    const std::string_view type = type_name(dtype);
    if (found.dtype == DType::invalid) {
      if (wanted.varies() || wanted.standard.element_count() > 0) return;
      fail(ErrorKind::bad_argument, name_of(i), "Feature: ", wanted.key, " (data type: ", type,
           ") is required but could not be found.");
    }
    if (found.dtype != dtype) {
      fail(ErrorKind::dtype_incompatible, place(wanted.key, i),
           "Data types don't match. Data type: ", type_name(found.dtype),
           " but expected type: ", type);
    }
    const auto row = static_cast<size_t>(wanted.row().element_count());
    const bool is_whole = row == 0 ? found.size() == 0 : found.size() % row == 0;
    if (wanted.varies() && !is_whole) {
      fail(ErrorKind::shape_incompatible, place(wanted.key, i), "Number of ", type,
           " values is not a multiple of stride length. Saw ", found.size(),
           " values but output shape is: ", wanted.shape);
    }
    if (!wanted.varies() && found.size() != row) {
      fail(ErrorKind::shape_incompatible, place(wanted.key, i), "Number of ", type,
           " values != expected.  Values size: ", found.size(),
           " but output shape: ", wanted.shape);
    }
  }

  // What begins TensorFlow's messages.
  std::string name_of(int64_t i) const {
    if (wanted_.is_single()) return {};
    const bool has_names = wanted_.names.element_count() > 0;
    return str("Name: ", has_names ? text_at(wanted_.names, i) : "<unknown>", ", ");
  }
  std::string place(std::string_view key, int64_t i) const {
    const std::string index = wanted_.is_single() ? std::string() : str(", Index: ", i);
    return str(name_of(i), "Key: ", key, index, ".  ");
  }

  const WantedExamples& wanted_;
  std::vector<Column> dense_, sparse_, ragged_;
};

// Puts a feature's values into the elements from `at` on: how many.
int64_t put(const ExampleFeature& from, Tensor& to, int64_t at) {
  if (from.dtype == DType::float32) {
    std::copy(from.floats.begin(), from.floats.end(), static_cast<float*>(to.raw()) + at);
  } else if (from.dtype == DType::int64) {
    std::copy(from.integers.begin(), from.integers.end(), static_cast<int64_t*>(to.raw()) + at);
  } else if (from.dtype == DType::string) {
    std::copy(from.strings.begin(), from.strings.end(), static_cast<std::string*>(to.raw()) + at);
  }
  return static_cast<int64_t>(from.size());
}

// Fills elements [begin, end) with those of `standard`, again and again.
template <typename T>
void fill_with(const Tensor& standard, Tensor& to, int64_t begin, int64_t end) {
  const auto* from = static_cast<const T*>(standard.raw());
  for (int64_t i = begin; i < end; ++i) {
    static_cast<T*>(to.raw())[i] = from[(i - begin) % standard.element_count()];
  }
}
void fill(const Tensor& standard, Tensor& to, int64_t begin, int64_t end) {
  if (to.dtype() == DType::float32) return fill_with<float>(standard, to, begin, end);
  if (to.dtype() == DType::int64) return fill_with<int64_t>(standard, to, begin, end);
  fill_with<std::string>(standard, to, begin, end);
}

int64_t longest_of(const Examples::Column& column) {
  size_t longest = 0;
  for (const ExampleFeature& feature : column) longest = std::max(longest, feature.size());
  return static_cast<int64_t>(longest);
}

Tensor dense_values(const DenseFeature& feature, const Examples::Column& column, bool is_single) {
  Shape shape;
  if (!is_single) shape.push_back(static_cast<int64_t>(column.size()));
  const Shape row = feature.row();
  int64_t size = row.element_count();  // of one example
  if (feature.varies()) {
    const int64_t rows = size == 0 ? 0 : longest_of(column) / size;
    shape.push_back(rows);
    size *= rows;
  }
  for (const int64_t of_row : row.sizes()) shape.push_back(of_row);
  Tensor values(feature.standard.dtype(), shape);
  for (size_t i = 0; i < column.size(); ++i) {
    const int64_t begin = static_cast<int64_t>(i) * size;
    // Only what is missing, or shorter than others, is filled.
    fill(feature.standard, values, begin + put(column[i], values, begin), begin + size);
  }
  return values;
}

Tensor listed_values(DType dtype, const Examples::Column& column) {
  size_t count = 0;
  for (const ExampleFeature& feature : column) count += feature.size();
  Tensor values(dtype, {static_cast<int64_t>(count)});
  int64_t at = 0;
  for (const ExampleFeature& feature : column) at += put(feature, values, at);
  return values;
}

// Where the values of a sparse tensor stand: example and place in it, or the place alone.
Tensor places_of(const Examples::Column& column, bool is_single) {
  std::vector<int64_t> places;
  for (size_t i = 0; i < column.size(); ++i) {
    for (size_t j = 0; j < column[i].size(); ++j) {
      if (!is_single) places.push_back(static_cast<int64_t>(i));
      places.push_back(static_cast<int64_t>(j));
    }
  }
  const int64_t rank = is_single ? 1 : 2;
  return Tensor::from<int64_t>(places, {static_cast<int64_t>(places.size()) / rank, rank});
}

Tensor sparse_shape_of(const Examples::Column& column, bool is_single) {
  std::vector<int64_t> sizes = {longest_of(column)};
  if (!is_single) sizes.insert(sizes.begin(), static_cast<int64_t>(column.size()));
  return Tensor::from<int64_t>(sizes, {static_cast<int64_t>(sizes.size())});
}

// Where the rows of a ragged tensor begin, and the last one ends; a single row is the tensor.
template <typename T>
Tensor splits_of(const Examples::Column& column, bool is_single) {
  std::vector<T> splits;
  if (!is_single) {
    splits.push_back(0);
    for (const ExampleFeature& row : column) {
      splits.push_back(static_cast<T>(splits.back() + static_cast<T>(row.size())));
    }
  }
  return Tensor::from<T>(splits, {static_cast<int64_t>(splits.size())});
}

}  // namespace

std::vector<Tensor> parse_examples(const WantedExamples& wanted) {
  const Examples examples(wanted);
  const bool is_single = wanted.is_single();
  std::vector<Tensor> outputs, values, shapes, splits;
  for (size_t i = 0; i < wanted.sparse.size(); ++i) {
    outputs.push_back(places_of(examples.sparse(i), is_single));
    values.push_back(listed_values(wanted.sparse[i].dtype, examples.sparse(i)));
    shapes.push_back(sparse_shape_of(examples.sparse(i), is_single));
  }
  outputs.insert(outputs.end(), values.begin(), values.end());
  outputs.insert(outputs.end(), shapes.begin(), shapes.end());
  for (size_t i = 0; i < wanted.dense.size(); ++i) {
    outputs.push_back(dense_values(wanted.dense[i], examples.dense(i), is_single));
  }
  for (size_t i = 0; i < wanted.ragged.size(); ++i) {
    const ListedFeature& feature = wanted.ragged[i];
    outputs.push_back(listed_values(feature.dtype, examples.ragged(i)));
    splits.push_back(feature.split_dtype == DType::int32
                         ? splits_of<int32_t>(examples.ragged(i), is_single)
                         : splits_of<int64_t>(examples.ragged(i), is_single));
  }
  outputs.insert(outputs.end(), splits.begin(), splits.end());
  return outputs;
}

}  // namespace tenon::internal

// Batches of tf.Examples, taken apart into tensors.
#pragma once

#include <string>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// A feature of which every example has the same number of values, or some rows of values, which are
// filled up to the longest.
struct DenseFeature {
  std::string key;
  Shape shape;
  Tensor standard;  // where it is missing, or what fills up; no elements where it must be there

  bool varies() const { return shape.rank() > 0 && shape[0] == kUnknown; }
  // Of what an example has, or has any number of.
  Shape row() const { return Shape(shape.sizes().subspan(varies() ? 1 : 0)); }
};

// A feature of which each example has as many values as it has.
struct ListedFeature {
  std::string key;
  DType dtype;
  DType split_dtype = DType::invalid;  // of a ragged tensor: where its rows begin
};

// What one call asks for. With a scalar of one example the outputs have no axis of examples.
struct WantedExamples {
  Tensor serialized;  // a scalar or a vector
  Tensor names;       // as many, or none: what errors call the examples
  std::vector<DenseFeature> dense = {};
  std::vector<ListedFeature> sparse = {}, ragged = {};

  bool is_single() const { return serialized.shape().rank() == 0; }
};

// Tensors of all features: the places of sparse values, these values, their shapes, dense values,
// ragged values, and where the rows of these begin. Throws InvalidArgumentError, with TensorFlow's
// messages, for examples that can't be read or haven't got what is wanted.
std::vector<Tensor> parse_examples(const WantedExamples& wanted);

}  // namespace tenon::internal

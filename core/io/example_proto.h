// tf.Example: features by name, each a list of numbers or of strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tenon/dtype.h"

namespace tenon::internal {

// The values of a feature, which stand in the vector of its dtype: float32, int64, string, or
// invalid where it has no list at all. Strings are views into the message.
struct ExampleFeature {
  DType dtype = DType::invalid;
  std::vector<float> floats = {};
  std::vector<int64_t> integers = {};
  std::vector<std::string_view> strings = {};

  size_t size() const { return floats.size() + integers.size() + strings.size(); }
};

// The messages of an Example's features by their names: of several of one name the last. Nothing
// where the bytes are no Example.
using ExampleFeatures = std::unordered_map<std::string_view, std::string_view>;
std::optional<ExampleFeatures> decode_example(std::string_view bytes);

// Nothing where the bytes are no Feature.
std::optional<ExampleFeature> decode_feature(std::string_view bytes);

}  // namespace tenon::internal

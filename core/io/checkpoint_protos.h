// The few protobuf messages of TensorFlow's checkpoints.
//
// Reading throws protozero::exception for bytes that are no such message; whoever knows the file
// turns that into a DataLossError.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/tensor_slice.h"
#include "tenon/shape.h"

namespace tenon::internal {

// BundleHeaderProto: the value of key "" in a V2 index.
struct BundleHeader {
  int32_t shards = 1;
  bool little_endian = true;
  int32_t min_consumer = 0;  // the oldest version that may read it
};
BundleHeader decode_bundle_header(std::string_view bytes);
std::string encode(const BundleHeader& header);

// BundleEntryProto: where a tensor, or a part of one, lies in a data file.
struct BundleEntry {
  int32_t dtype = 0;  // TensorFlow's number
  Shape shape = {};
  int32_t shard = 0;
  int64_t offset = 0, size = 0;
  uint32_t crc = 0;                      // masked
  std::vector<TensorSlice> slices = {};  // not empty: the parts are entries of their own
};
BundleEntry decode_bundle_entry(std::string_view bytes);
std::string encode(const BundleEntry& entry);

// SavedSliceMeta: what a V1 file says of a tensor.
struct SavedTensor {
  std::string name;
  Shape shape;
  int32_t dtype = 0;
  std::vector<TensorSlice> slices;
};
// The tensors of SavedTensorSlices.meta: the value of key "" in a V1 file.
std::vector<SavedTensor> decode_saved_tensors(std::string_view bytes);
// SavedTensorSlices.data.data of another key's value: a TensorProto's bytes, within `bytes`.
std::string_view saved_slice_data(std::string_view bytes);

}  // namespace tenon::internal

#include "core/io/checkpoint_protos.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/types.hpp>
#include <string>
#include <string_view>

#include "core/io/proto_fields.h"
#include "core/io/tensor_proto.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

// TensorSliceProto.
TensorSlice decode_slice(std::string_view bytes) {
  TensorSlice slice;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() != bytes_field(1)) {
      message.skip();
      continue;
    }
    TensorSlice::Extent extent;
    pbf_reader part = message.get_message();
    while (part.next()) {
      switch (part.tag_and_type()) {
        case varint_field(1):
          extent.start = part.get_int64();
          break;
        case varint_field(2):
          extent.length = part.get_int64();
          break;
        default:
          part.skip();
      }
    }
    slice.extents.push_back(extent);
  }
  return slice;
}

SavedTensor decode_saved_tensor(std::string_view bytes) {
  SavedTensor tensor;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        tensor.name = message.get_string();
        break;
      case bytes_field(2):
        tensor.shape = decode_shape(view_of(message));
        break;
      case varint_field(3):
        tensor.dtype = message.get_int32();
        break;
      case bytes_field(4):
        tensor.slices.push_back(decode_slice(view_of(message)));
        break;
      default:
        message.skip();
    }
  }
  return tensor;
}

}  // namespace

BundleHeader decode_bundle_header(std::string_view bytes) {
  BundleHeader header;
  header.shards = 0;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case varint_field(1):
        header.shards = message.get_int32();
        break;
      case varint_field(2):
        header.little_endian = message.get_enum() == 0;
        break;
      case bytes_field(3): {
        pbf_reader version = message.get_message();
        while (version.next()) {
          if (version.tag_and_type() == varint_field(2)) {
            header.min_consumer = version.get_int32();
          } else {
            version.skip();
          }
        }
        break;
      }
      default:
        message.skip();
    }
  }
  return header;
}

std::string encode(const BundleHeader& header) {
  std::string bytes, version;
  pbf_writer(version).add_int32(1, 1);  // producer
  pbf_writer message(bytes);
  message.add_int32(1, header.shards);
  message.add_message(3, version);
  return bytes;
}

BundleEntry decode_bundle_entry(std::string_view bytes) {
  BundleEntry entry;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    switch (message.tag_and_type()) {
      case varint_field(1):
        entry.dtype = message.get_int32();
        break;
      case bytes_field(2):
        entry.shape = decode_shape(view_of(message));
        break;
      case varint_field(3):
        entry.shard = message.get_int32();
        break;
      case varint_field(4):
        entry.offset = message.get_int64();
        break;
      case varint_field(5):
        entry.size = message.get_int64();
        break;
      case fixed32_field(6):
        entry.crc = message.get_fixed32();
        break;
      case bytes_field(7):
        entry.slices.push_back(decode_slice(view_of(message)));
        break;
      default:
        message.skip();
    }
  }
  return entry;
}

// Fields that are zero are left out, as protobuf does.
std::string encode(const BundleEntry& entry) {
  std::string bytes, shape;
  for (const int64_t size : entry.shape.sizes()) {
    std::string dimension;
    if (size != 0) pbf_writer(dimension).add_int64(1, size);
    pbf_writer(shape).add_message(2, dimension);
  }
  pbf_writer message(bytes);
  message.add_int32(1, entry.dtype);
  message.add_message(2, shape);
  if (entry.shard != 0) message.add_int32(3, entry.shard);
  if (entry.offset != 0) message.add_int64(4, entry.offset);
  if (entry.size != 0) message.add_int64(5, entry.size);
  if (entry.crc != 0) message.add_fixed32(6, entry.crc);
  for (const TensorSlice& slice : entry.slices) {
    std::string parts;
    for (const auto& [start, length] : slice.extents) {
      std::string extent;
      pbf_writer part(extent);
      if (start != 0) part.add_int64(1, start);
      if (length != TensorSlice::kToTheEnd) part.add_int64(2, length);
      pbf_writer(parts).add_message(1, extent);
    }
    message.add_message(7, parts);
  }
  return bytes;
}

std::vector<SavedTensor> decode_saved_tensors(std::string_view bytes) {
  std::vector<SavedTensor> tensors;
  const std::string_view meta = message_field(bytes, 1);
  pbf_reader message = reader_of(meta);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      tensors.push_back(decode_saved_tensor(view_of(message)));
    } else {
      message.skip();
    }
  }
  return tensors;
}

std::string_view saved_slice_data(std::string_view bytes) {
  return message_field(message_field(bytes, 2), 3);
}

}  // namespace tenon::internal

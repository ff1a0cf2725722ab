#include "core/io/example_proto.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include "core/io/proto_fields.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;

void append_floats(pbf_reader list, ExampleFeature& feature) {
  while (list.next()) {
    switch (list.tag_and_type()) {
      case bytes_field(1):
        for (const float value : list.get_packed_float()) feature.floats.push_back(value);
        break;
      case fixed32_field(1):
        feature.floats.push_back(list.get_float());
        break;
      default:
        list.skip();
    }
  }
}

void append_integers(pbf_reader list, ExampleFeature& feature) {
  while (list.next()) {
    switch (list.tag_and_type()) {
      case bytes_field(1):
        for (const int64_t value : list.get_packed_int64()) feature.integers.push_back(value);
        break;
      case varint_field(1):
        feature.integers.push_back(list.get_int64());
        break;
      default:
        list.skip();
    }
  }
}

void append_strings(pbf_reader list, ExampleFeature& feature) {
  while (list.next()) {
    if (list.tag_and_type() == bytes_field(1)) {
      feature.strings.push_back(view_of(list));
    } else {
      list.skip();
    }
  }
}

// A feature has one list: the last, to which its earlier parts belong if they are of its kind.
void begin_list(ExampleFeature& feature, DType dtype) {
  if (feature.dtype != dtype) feature = {.dtype = dtype};
}

ExampleFeature feature_of(pbf_reader message) {
  ExampleFeature feature;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        begin_list(feature, DType::string);
        append_strings(message.get_message(), feature);
        break;
      case bytes_field(2):
        begin_list(feature, DType::float32);
        append_floats(message.get_message(), feature);
        break;
      case bytes_field(3):
        begin_list(feature, DType::int64);
        append_integers(message.get_message(), feature);
        break;
      default:
        message.skip();
    }
  }
  return feature;
}

void add_features(pbf_reader message, ExampleFeatures& features) {
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      const auto [name, feature] = decode_entry(message.get_message());
      features.insert_or_assign(name, feature);
    } else {
      message.skip();
    }
  }
}

}  // namespace

std::optional<ExampleFeatures> decode_example(std::string_view bytes) {
  try {
    ExampleFeatures features;
    pbf_reader message = reader_of(bytes);
    while (message.next()) {
      if (message.tag_and_type() == bytes_field(1)) {
        add_features(message.get_message(), features);
      } else {
        message.skip();
      }
    }
    return features;
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

std::optional<ExampleFeature> decode_feature(std::string_view bytes) {
  try {
    return feature_of(reader_of(bytes));
  } catch (const protozero::exception&) {
    return std::nullopt;
  }
}

}  // namespace tenon::internal

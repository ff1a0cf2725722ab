// GraphDefs for tests, written field by field as TensorFlow writes them.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/dtype.h"

namespace tenon::test {

// The bytes of an AttrValue.
inline std::string attr(const std::function<void(protozero::pbf_writer&)>& write) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  write(writer);
  return bytes;
}
inline std::string attr_type(DType dtype) {
  return attr([&](auto& w) { w.add_enum(6, static_cast<int32_t>(dtype)); });
}
inline std::string attr_int(int64_t value) {
  return attr([&](auto& w) { w.add_int64(3, value); });
}
inline std::string attr_string(std::string_view value) {
  return attr([&](auto& w) { w.add_bytes(2, value.data(), value.size()); });
}
inline std::string attr_strings(const std::vector<std::string>& values) {
  return attr([&](auto& w) {
    protozero::pbf_writer list(w, 1);
    for (const std::string& value : values) list.add_bytes(2, value);
  });
}

inline std::string shape_bytes(const std::vector<int64_t>& sizes) {
  std::string bytes;
  protozero::pbf_writer shape(bytes);
  for (const int64_t size : sizes) {
    protozero::pbf_writer dimension(shape, 2);
    dimension.add_int64(1, size);
  }
  return bytes;
}
inline std::string attr_shape(const std::vector<int64_t>& sizes) {
  return attr([&](auto& w) { w.add_message(7, shape_bytes(sizes)); });
}
// A TensorProto whose values `write` adds.
inline std::string attr_tensor(DType dtype, const std::vector<int64_t>& sizes,
                               const std::function<void(protozero::pbf_writer&)>& write) {
  return attr([&](auto& w) {
    protozero::pbf_writer tensor(w, 8);
    tensor.add_enum(1, static_cast<int32_t>(dtype));
    tensor.add_message(2, shape_bytes(sizes));
    write(tensor);
  });
}
inline std::string attr_floats(const std::vector<int64_t>& sizes, std::vector<float> values) {
  return attr_tensor(DType::float32, sizes, [&](auto& tensor) {
    if (!values.empty()) tensor.add_packed_float(5, values.begin(), values.end());
  });
}

class GraphDefWriter {
 public:
  struct Attr {
    std::string name, value;
  };
  GraphDefWriter& node(std::string_view name, std::string_view op,
                       const std::vector<std::string>& inputs = {},
                       const std::vector<Attr>& attrs = {}, std::string_view device = "") {
    protozero::pbf_writer graph(bytes_);
    protozero::pbf_writer node(graph, 1);
    node.add_string(1, name.data(), name.size());
    node.add_string(2, op.data(), op.size());
    for (const std::string& input : inputs) node.add_string(3, input);
    if (!device.empty()) node.add_string(4, device.data(), device.size());
    for (const Attr& attr : attrs) {
      protozero::pbf_writer entry(node, 5);
      entry.add_string(1, attr.name);
      entry.add_message(2, attr.value);
    }
    return *this;
  }
  GraphDefWriter& constant(std::string_view name, const std::vector<int64_t>& sizes,
                           const std::vector<float>& values) {
    return node(name, "Const", {},
                {{"dtype", attr_type(DType::float32)}, {"value", attr_floats(sizes, values)}});
  }
  GraphDefWriter& placeholder(std::string_view name, const std::vector<int64_t>& sizes) {
    return node(name, "Placeholder", {},
                {{"dtype", attr_type(DType::float32)}, {"shape", attr_shape(sizes)}});
  }
  GraphDefWriter& producer(int32_t version) {
    protozero::pbf_writer graph(bytes_);
    protozero::pbf_writer versions(graph, 4);
    versions.add_int32(1, version);
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace tenon::test

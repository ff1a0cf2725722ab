#include "core/io/function_def.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/types.hpp>

#include "core/io/proto_fields.h"

namespace tenon::internal {

namespace {

using protozero::pbf_reader;

// The first field of a message, where that is a text: the names of arguments and functions.
std::string_view name_in(std::string_view bytes) {
  std::string_view name;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      name = view_of(message);
    } else {
      message.skip();
    }
  }
  return name;
}

void decode_signature_of(pbf_reader message, FunctionDef& function) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        function.name = view_of(message);
        break;
      case bytes_field(2):
        function.inputs.push_back(name_in(view_of(message)));
        break;
      case bytes_field(3):
        function.outputs.push_back(name_in(view_of(message)));
        break;
      default:
        message.skip();
    }
  }
}

FunctionDef decode_function(pbf_reader message) {
  FunctionDef function;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case bytes_field(1):
        decode_signature_of(message.get_message(), function);
        break;
      case bytes_field(3):
        function.nodes.push_back(decode_node_def(view_of(message)));
        break;
      case bytes_field(4):
        function.returns.push_back(decode_entry(message.get_message()));
        break;
      case bytes_field(6):
        function.targets.push_back(decode_entry(message.get_message()).second);
        break;
      default:
        message.skip();
    }
  }
  return function;
}

}  // namespace

std::vector<FunctionDef> decode_library(std::string_view bytes) {
  std::vector<FunctionDef> functions;
  pbf_reader message = reader_of(bytes);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(1)) {
      functions.push_back(decode_function(message.get_message()));
    } else {
      message.skip();
    }
  }
  return functions;
}

std::string_view decode_function_attr(std::string_view attr_value) {
  std::string_view name;
  pbf_reader message = reader_of(attr_value);
  while (message.next()) {
    if (message.tag_and_type() == bytes_field(10)) {
      name = name_in(view_of(message));
    } else {
      message.skip();
    }
  }
  return name;
}

}  // namespace tenon::internal

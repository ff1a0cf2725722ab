// Operations that TensorFlow hasn't got, or has otherwise, written as its own.
#pragma once

#include <string>
#include <vector>

#include "core/export/graph_writer.h"

namespace tenon::internal {

// Whether anything is written for it: texts are made by those who take them, and a loop's
// parameters are arguments of its functions.
bool is_written(const Node& node);

class OwnOp {
 public:
  // `plain` is the node but for its inputs.
  OwnOp(GraphWriter& writer, WrittenScope& scope, Node& node, const NewNode& plain)
      : writer_(writer), scope_(scope), node_(node), plain_(plain) {}

  // Writes it; false where it is as TensorFlow has it, or can't be written.
  bool write();

  const Node& node() const { return node_; }
  WrittenValue input(size_t i) { return writer_.value(scope_, node_.inputs[i], node_); }
  WrittenValue value(const Endpoint& endpoint) { return writer_.value(scope_, endpoint, node_); }

  // A node below this one's name.
  WrittenValue add(const char* op, const char* output, DType dtype,
                   std::vector<WrittenValue> inputs, AttrMap attrs = {});
  WrittenValue constant(const Tensor& tensor);
  WrittenValue shape(const WrittenValue& of);  // int32
  // The node that has this one's name.
  void last(const char* op, const char* output, std::vector<WrittenValue> inputs, AttrMap attrs);
  // And its second output.
  void second(const char* output);

 private:
  GraphWriter& writer_;
  WrittenScope& scope_;
  Node& node_;
  const NewNode& plain_;
};

}  // namespace tenon::internal

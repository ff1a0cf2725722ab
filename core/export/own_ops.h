// Operations that TensorFlow hasn't got, or has otherwise, written as its own.
#pragma once

#include "core/export/graph_writer.h"

namespace tenon::internal {

// Whether anything is written for it: texts are made by those who take them, and a loop's
// parameters are arguments of its functions.
bool is_written(const Node& node);

// Writes it; false where it is as TensorFlow has it, or can't be written. `plain` is the node but
// for its inputs.
bool write_own_op(GraphWriter& writer, WrittenScope& scope, Node& node, const NewNode& plain);

}  // namespace tenon::internal

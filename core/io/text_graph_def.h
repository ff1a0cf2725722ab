// Graphs in protobuf's text format (.pbtxt), made the bytes that the readers of graphs take.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::internal {

enum class TextGraph : uint8_t { kGraphDef, kMetaGraphDef, kSavedModel };

// Whether a file of a graph is such a text: bytes don't begin with a letter or a comment.
bool is_text_graph(std::string_view file);

// Fields that the readers don't know are left out. Throws DataLossError (corrupt_file), naming the
// file and the line, for what is no such text.
std::string bytes_of_text(std::string_view text, TextGraph kind, std::string_view file);

}  // namespace tenon::internal

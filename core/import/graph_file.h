// A file of a graph, in bytes or as text.
#pragma once

#include <string>
#include <string_view>

#include "core/io/mapped_file.h"
#include "core/io/text_graph_def.h"

namespace tenon::internal {

class GraphFile {
 public:
  // Throws as MappedFile and bytes_of_text do.
  GraphFile(const std::string& path, TextGraph kind) : file_(path) {
    if (is_text_graph(file_.bytes())) text_ = bytes_of_text(file_.bytes(), kind, path);
  }

  // In protobuf's wire format, as long as this lives.
  std::string_view bytes() const { return text_.empty() ? file_.bytes() : text_; }

 private:
  MappedFile file_;
  std::string text_;
};

}  // namespace tenon::internal

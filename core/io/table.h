// LevelDB's table, a sorted map in a file: the index of TensorFlow's V2 checkpoints, and all of a
// V1 one.
//
// Writing is libleveldb's (table_writer.h). Reading is done here: libleveldb takes memory for any
// length that the file names, reads past its buffers for some, and checks neither the block of
// metadata nor the padding of the footer.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/file.h"

namespace tenon::internal {

// A table that is open for reading. Each block is checked against its checksum when it is read; the
// blocks of metadata, the index and the footer when the table is opened. Whatever doesn't fit
// throws DataLossError (corrupt_file), naming the file and the place. Thread-safe.
class Table {
 public:
  explicit Table(const std::string& path);

  const std::string& path() const { return file_.path(); }

  // Calls `use` with each key and value, in the order of keys.
  using Use = std::function<void(std::string_view key, std::string_view value)>;
  void for_each(const Use& use) const;
  // The value of a key; nothing when the table hasn't got it.
  std::optional<std::string> find(std::string_view wanted) const;

  // Whether the file ends as a table does.
  static bool is_table(const InputFile& file);

 private:
  struct Handle {
    uint64_t offset = 0, size = 0;
  };
  struct Block {
    std::string last_key;  // no key of the block comes after it
    Handle handle;
  };

  Handle decode_handle(std::string_view& bytes) const;
  void read_footer(Handle& metadata, Handle& index) const;
  std::string read_block(const Handle& handle) const;
  void for_each_in(std::string_view contents, const Handle& handle, const Use& use) const;
  std::string uncompressed(std::string_view bytes, const Handle& handle) const;
  [[noreturn]] void fail_block(const Handle& handle, std::string_view problem) const;

  InputFile file_;
  std::vector<Block> blocks_;
};

}  // namespace tenon::internal

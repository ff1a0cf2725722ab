#include "core/io/table_writer.h"

#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/slice.h>
#include <leveldb/status.h>
#include <leveldb/table_builder.h>

#include <map>
#include <string>

#include "core/base/check.h"
#include "tenon/error.h"

namespace tenon::internal {

namespace {

constexpr size_t kBlockBytes = size_t{1} << 18;  // as TensorFlow's

// A failed write throws, through libleveldb, whose builder is then abandoned.
class TableFile : public leveldb::WritableFile {
 public:
  explicit TableFile(OutputFile& file) : file_(file) {}
  leveldb::Status Append(const leveldb::Slice& data) override {
    file_.write({data.data(), data.size()});
    return leveldb::Status::OK();
  }
  leveldb::Status Close() override { return leveldb::Status::OK(); }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Sync() override { return leveldb::Status::OK(); }

 private:
  OutputFile& file_;
};

}  // namespace

void write_table(OutputFile& file, const std::map<std::string, std::string>& entries) {
  leveldb::Options options;
  options.block_size = kBlockBytes;
  options.compression = leveldb::kNoCompression;
  TableFile to(file);
  leveldb::TableBuilder builder(options, &to);
  try {
    for (const auto& [key, value] : entries) builder.Add(key, value);
    const leveldb::Status status = builder.Finish();
    require<RuntimeError>(status.ok(), ErrorKind::file_failed, status.ToString());
  } catch (...) {
    builder.Abandon();
    throw;
  }
}

}  // namespace tenon::internal

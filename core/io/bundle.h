// TensorFlow's V2 checkpoint, a bundle: PREFIX.index, a table of what there is, and
// PREFIX.data-?????-of-?????, the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/io/checkpoint_protos.h"
#include "core/io/file.h"
#include "core/io/tensor_sink.h"
#include "core/io/tensor_source.h"

namespace tenon::internal {

// The index is read when it is opened, a data file when a tensor of it is read.
class BundleSource : public TensorSource {
 public:
  explicit BundleSource(const std::string& prefix);

 private:
  Tensor read_piece(const train::StoredVariable& variable, const Piece& piece,
                    const Reading& reading) const override;
  void add_entry(const std::string& name, const BundleEntry& entry,
                 const std::map<std::string, BundleEntry>& all);
  const InputFile& data_file(int32_t shard) const;
  void read_strings(const BundleEntry& entry, const InputFile& file, Tensor& tensor,
                    const std::string& name) const;
  void read_numbers(const BundleEntry& entry, const InputFile& file, Tensor& tensor,
                    const std::string& name, ThreadPool* threads) const;
  [[noreturn]] void fail_tensor(const std::string& name, const BundleEntry& entry,
                                std::string_view problem) const;

  int32_t shards_ = 0;
  std::vector<BundleEntry> entries_;  // by id of a piece
  mutable std::mutex mutex_;
  mutable std::map<int32_t, std::unique_ptr<InputFile>> files_;  // guarded by mutex_
};

// Writes a bundle so that at any moment the prefix is that of a whole one, or of none: where there
// is one already, the new data files get another number of shards in their names than the old ones,
// and the new index takes the old one's place when they are on the disk.
class BundleSink : public TensorSink {
 public:
  // At least so many shards.
  explicit BundleSink(std::string prefix, int32_t shards = 1);
  ~BundleSink() override;

  // The shard that what is added from now on goes to.
  void use_shard(int32_t shard) { shard_ = shard; }
  // Throws ValueError (bad_argument) for a name that was added before.
  void add(const std::string& name, const Tensor& tensor) override;
  // A part of tensor `name`, of shape `full`. All parts must be added, each once.
  void add_slice(const std::string& name, const Shape& full, const TensorSlice& slice,
                 const Tensor& tensor);
  void finish() override;
  const std::vector<std::string>& files() const override { return files_; }

 private:
  OutputFile& data_file();
  void remove_old_data() const;

  const std::string prefix_;
  int32_t shards_, shard_ = 0;
  std::map<std::string, BundleEntry> entries_;
  std::map<int32_t, std::unique_ptr<OutputFile>> data_;
  std::vector<std::string> files_;  // that have their names
  bool finished_ = false;
};

}  // namespace tenon::internal

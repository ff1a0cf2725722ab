// TensorFlow's V1 checkpoint (`.ckpt` of old), for reading only: one table, or several shards.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/io/table.h"
#include "core/io/tensor_source.h"

namespace tenon::internal {

class V1Source : public TensorSource {
 public:
  // `path` is what the checkpoint is called, `files` are its shards.
  V1Source(const std::string& path, const std::vector<std::string>& files);

 private:
  Tensor read_piece(const train::StoredVariable& variable, const Piece& piece,
                    const Reading& reading) const override;

  struct Part {
    const Table* table = nullptr;
    std::string key;
  };
  std::vector<std::unique_ptr<Table>> tables_;
  std::vector<Part> parts_;  // by id of a piece
};

}  // namespace tenon::internal

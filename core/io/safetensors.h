// Files of the package safetensors: a header in JSON, then the values one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/io/file.h"
#include "core/io/tensor_sink.h"
#include "core/io/tensor_source.h"

namespace tenon::internal {

class SafetensorsSource : public TensorSource {
 public:
  explicit SafetensorsSource(const std::string& path);

 private:
  Tensor read_piece(const train::StoredVariable& variable, const Piece& piece,
                    const Reading& reading) const override;

  InputFile file_;
  std::vector<uint64_t> offsets_;  // by id of a piece
};

// The header comes first: all tensors are told before, and then added in that order.
class SafetensorsSink : public TensorSink {
 public:
  SafetensorsSink(const std::string& path, const std::vector<train::StoredVariable>& variables);

  void add(const std::string& name, const Tensor& tensor) override;
  void finish() override;
  const std::vector<std::string>& files() const override { return files_; }

 private:
  OutputFile file_;
  std::vector<std::string> files_;
};

}  // namespace tenon::internal

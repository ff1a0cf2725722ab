// NumPy's .npz files: a zip archive of .npy files, one a tensor.
#pragma once

#include <string>
#include <vector>

#include "core/io/npy_header.h"
#include "core/io/tensor_sink.h"
#include "core/io/tensor_source.h"
#include "core/io/zip.h"

namespace tenon::internal {

// Arrays of bytes and of text are tensors of strings, text in UTF-8; two opaque bytes are a
// bfloat16, as which NumPy stores that.
class NpzSource : public TensorSource {
 public:
  explicit NpzSource(const std::string& path);

 private:
  Tensor read_piece(const train::StoredVariable& variable, const Piece& piece,
                    const Reading& reading) const override;
  NpyHeader read_header(ZipMemberReader& member, const std::string& name) const;

  InputFile file_;
  std::vector<ZipMember> members_;  // by id of a piece
};

class NpzSink : public TensorSink {
 public:
  explicit NpzSink(const std::string& path) : zip_(path), files_{path} {}

  void add(const std::string& name, const Tensor& tensor) override;
  void finish() override;
  const std::vector<std::string>& files() const override { return files_; }

 private:
  ZipWriter zip_;
  std::vector<std::string> files_;
};

}  // namespace tenon::internal

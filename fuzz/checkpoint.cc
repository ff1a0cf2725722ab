// Any bytes as a checkpoint's file: reading all that it says it has gives values or an Error, and
// takes no more memory than the file can fill. The first byte says which format, and of a bundle
// whether the bytes are its index, or what the index's one entry says (its checksums are right
// then).
//
//   build/fuzz/fuzz_checkpoint tests/io/data     (their first byte is then the format's choice)
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/bundle.h"
#include "core/io/npz.h"
#include "core/io/safetensors.h"
#include "core/io/table_writer.h"
#include "core/io/v1_source.h"
#include "fuzz/allocations.h"
#include "fuzz/folder.h"
#include "tenon/error.h"

namespace {

using tenon::internal::TensorSource;

void put(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void write_index(const std::string& path, std::string_view entry) {
  tenon::internal::OutputFile file(path);
  tenon::internal::write_table(
      file,
      {{"", tenon::internal::encode(tenon::internal::BundleHeader{})}, {"w", std::string(entry)}});
  file.commit();
}

std::unique_ptr<TensorSource> source_of(char format, std::string_view bytes) {
  const std::string path = folder() + "/x";
  switch (format & 7) {
    case 0:
      put(path, bytes);
      return std::make_unique<tenon::internal::SafetensorsSource>(path);
    case 1:
      put(path, bytes);
      return std::make_unique<tenon::internal::NpzSource>(path);
    case 2:
      put(path, bytes);
      return std::make_unique<tenon::internal::V1Source>(path, std::vector<std::string>{path});
    case 3:
      put(path + ".index", bytes);
      break;
    default:
      write_index(path + ".index", bytes);
  }
  put(path + ".data-00000-of-00001", "the values of whatever the index speaks of");
  return std::make_unique<tenon::internal::BundleSource>(path);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Deflate and Snappy make that many bytes of one, and nothing else makes any.
  const fuzz::AllocationLimit limit((bytes[0] & 7) == 1 ? 1032 : 22, size);
  try {
    const std::unique_ptr<TensorSource> source = source_of(bytes[0], bytes.substr(1));
    for (const auto& variable : source->variables()) {
      try {
        source->read(variable.name);
      } catch (const tenon::Error&) {  // NOLINT(bugprone-empty-catch): one of the two answers
      }
    }
  } catch (const tenon::Error&) {  // NOLINT(bugprone-empty-catch): one of the two answers
  }
  return 0;
}

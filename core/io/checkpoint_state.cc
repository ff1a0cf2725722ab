// A folder's file `checkpoint`: a CheckpointState in protobuf's text format.
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/io/file.h"
#include "core/io/text_proto.h"
#include "tenon/checkpoint.h"

namespace tenon::train {

namespace {

namespace fs = std::filesystem;
using internal::joined_path;
using internal::require;

std::string state_file(std::string_view folder, std::string_view latest_filename) {
  return joined_path(std::string(folder),
                     latest_filename.empty() ? "checkpoint" : std::string(latest_filename));
}

fs::path seen_from_the_root(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error);
  require<RuntimeError>(!error, ErrorKind::file_failed, "Cannot tell where ", path,
                        " lies: ", error.message());
  return whole.lexically_normal();
}

// As the file has it: seen from the folder, where that is asked for or both are seen from here.
std::string stored_path(const std::string& path, const std::string& folder, bool relative) {
  const bool absolute = fs::path(path).is_absolute();
  if (!relative && (absolute || fs::path(folder).is_absolute())) return path;
  if (path.empty()) return path;
  return seen_from_the_root(path).lexically_relative(seen_from_the_root(folder) / "").string();
}

// The shortest text that is read as this number again.
std::string number_text(double number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

}  // namespace

CheckpointState get_checkpoint_state(std::string_view folder, std::string_view latest_filename,
                                     Location where) {
  const internal::CallerLine line(where);
  const std::string file = state_file(folder, latest_filename);
  CheckpointState state;
  if (!internal::file_exists(file)) return state;
  const auto fields = internal::parse_text_proto(internal::read_file(file));
  require<DataLossError>(fields.has_value(), ErrorKind::corrupt_file, file,
                         " can't be read as the state of checkpoints");
  for (const internal::TextField& field : *fields) {
    const std::string path =
        field.value.empty() ? std::string() : joined_path(std::string(folder), field.value);
    if (field.name == "model_checkpoint_path") {
      state.model_checkpoint_path = path;
    } else if (field.name == "all_model_checkpoint_paths") {
      state.all_model_checkpoint_paths.push_back(path);
    } else if (field.name == "all_model_checkpoint_timestamps") {
      state.all_model_checkpoint_timestamps.push_back(internal::number_of(field));
    } else if (field.name == "last_preserved_timestamp") {
      state.last_preserved_timestamp = internal::number_of(field);
    }
  }
  return state;
}

void update_checkpoint_state(std::string_view folder, const CheckpointState& state,
                             bool save_relative_paths, std::string_view latest_filename,
                             Location where) {
  const internal::CallerLine line(where);
  const std::string from = folder.empty() ? "." : std::string(folder);
  const auto stored = [&](const std::string& path) {
    return stored_path(path, from, save_relative_paths);
  };
  const std::string file = state_file(folder, latest_filename);
  require<RuntimeError>(file != state.model_checkpoint_path, ErrorKind::bad_argument, "Save path '",
                        state.model_checkpoint_path, "' conflicts with path used for checkpoint ",
                        "state.  Please use a different save path.");
  std::string text =
      internal::text_field("model_checkpoint_path", stored(state.model_checkpoint_path));
  for (const std::string& path : state.all_model_checkpoint_paths) {
    text += internal::text_field("all_model_checkpoint_paths", stored(path));
  }
  for (const double time : state.all_model_checkpoint_timestamps) {
    text += "all_model_checkpoint_timestamps: " + number_text(time) + '\n';
  }
  if (state.last_preserved_timestamp != 0) {
    text += "last_preserved_timestamp: " + number_text(state.last_preserved_timestamp) + '\n';
  }
  internal::write_file(file, text);
}

std::string latest_checkpoint(std::string_view folder, std::string_view latest_filename,
                              Location where) {
  const internal::CallerLine line(where);
  const std::string path = get_checkpoint_state(folder, latest_filename).model_checkpoint_path;
  return !path.empty() && checkpoint_exists(path) ? path : std::string();
}

}  // namespace tenon::train

// An event file while it is written: a header, then events, each framed as TensorFlow frames
// records.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "core/io/file.h"
#include "tenon/file_writer.h"

namespace tenon::internal {

// A record as it lies in a file: its length and its bytes, each with a masked checksum behind it.
std::string framed_record(std::string_view record);

// Thread-safe. Its file is made with the first event. What fails names the line of the call that it
// fails in; where the library calls, the line where the file was asked for.
class EventFile {
 public:
  EventFile(std::string folder, summary::FileWriterOptions options, const Location& where);
  ~EventFile();

  void add(const summary::Event& event);
  void flush();
  void close();
  const std::string& folder() const { return folder_; }

 private:
  void open();
  void flush_now();

  const std::string folder_;
  const summary::FileWriterOptions options_;
  const Location where_;
  std::mutex mutex_;  // of all below
  std::unique_ptr<GrowingFile> file_;
  std::string waiting_;
  std::chrono::steady_clock::time_point flushed_;
  bool closed_ = false;
};

}  // namespace tenon::internal

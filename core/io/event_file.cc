#include "core/io/event_file.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/wall_clock.h"
#include "core/io/crc32c.h"
#include "core/io/little_endian.h"
#include "core/kernels/summary_value.h"

namespace tenon::internal {

namespace {

using protozero::pbf_writer;
using summary::Event;
using Seconds = std::chrono::duration<double>;

constexpr size_t kMostWaiting = size_t{1} << 20;

std::string encode(const Event& event) {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_double(1, event.wall_time != 0 ? event.wall_time : seconds_since_1970());
  if (event.step != 0) message.add_int64(2, event.step);
  if (event.session_log) {
    pbf_writer log(message, 7);
    log.add_enum(1, static_cast<int32_t>(event.session_log->status));
    if (!event.session_log->checkpoint_path.empty()) {
      log.add_string(2, event.session_log->checkpoint_path);
    }
    if (!event.session_log->msg.empty()) log.add_string(3, event.session_log->msg);
  } else if (!event.graph_def.empty()) {
    message.add_bytes(4, event.graph_def);
  } else {
    message.add_bytes(5, event.summary);
  }
  return bytes;
}

// What each file begins with.
std::string encode_header() {
  std::string bytes;
  pbf_writer message(bytes);
  message.add_double(1, seconds_since_1970());
  message.add_string(3, "brain.Event:2");
  return bytes;
}

std::string host_name() {
  std::array<char, 256> name = {};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

std::string framed_record(std::string_view record) {
  std::string bytes;
  bytes.reserve(record.size() + 16);
  append_little_endian(bytes, record.size(), 8);
  append_little_endian(bytes, masked_crc(crc32c(bytes)), 4);
  bytes += record;
  append_little_endian(bytes, masked_crc(crc32c(record)), 4);
  return bytes;
}

EventFile::EventFile(std::string folder, summary::FileWriterOptions options, const Location& where)
    : folder_(std::move(folder)), options_(std::move(options)), where_(where) {}

EventFile::~EventFile() {
  try {
    flush_now();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): close() would have said it
  }
}

// Two writers in one second get names of different seconds.
void EventFile::open() {
  make_folder(folder_);
  for (auto seconds = static_cast<int64_t>(seconds_since_1970());; ++seconds) {
    std::array<char, 32> number = {};
    std::snprintf(number.data(), number.size(), "%010lld", static_cast<long long>(seconds));
    const std::string path = joined_path(folder_, str("events.out.tfevents.", number.data(), ".",
                                                      host_name(), options_.filename_suffix));
    if (file_exists(path)) continue;
    file_ = std::make_unique<GrowingFile>(path);
    break;
  }
  waiting_ = framed_record(encode_header());
  flushed_ = std::chrono::steady_clock::now();
}

void EventFile::add(const Event& event) {
  const CallerLine line(where_);
  const std::lock_guard lock(mutex_);
  require<RuntimeError>(!closed_, ErrorKind::closed, "The event file in ", folder_,
                        " is closed: nothing can be added to it");
  if (file_ == nullptr) open();
  waiting_ += framed_record(encode(event));
  const Seconds since = std::chrono::steady_clock::now() - flushed_;
  if (waiting_.size() > kMostWaiting || since.count() >= options_.flush_secs) flush_now();
}

void EventFile::flush_now() {
  if (file_ == nullptr) return;
  // Not again what was refused once: a part of it may be in the file.
  const std::string bytes = std::exchange(waiting_, {});
  flushed_ = std::chrono::steady_clock::now();
  file_->write(bytes);
}

void EventFile::flush() {
  const CallerLine line(where_);
  const std::lock_guard lock(mutex_);
  flush_now();
}

void EventFile::close() {
  const CallerLine line(where_);
  const std::lock_guard lock(mutex_);
  closed_ = true;
  flush_now();
  file_.reset();
}

}  // namespace tenon::internal

namespace tenon::summary {

using tenon::internal::CallerLine;
using tenon::internal::EventFile;

FileWriter::FileWriter(std::string logdir, FileWriterOptions options, Location where)
    : file_(std::make_shared<EventFile>(std::move(logdir), std::move(options), where)) {}

void FileWriter::add_summary(const Tensor& summary, int64_t global_step, Location where) {
  const CallerLine line(where);
  add_event({.step = global_step, .summary = summary.scalar<std::string>()}, where);
}

void FileWriter::add_scalar(std::string_view tag, float value, int64_t global_step,
                            Location where) {
  Event event{.step = global_step};
  tenon::internal::add_summary_scalar(event.summary, tag, value);
  add_event(event, where);
}

void FileWriter::add_session_log(const SessionLog& log, int64_t global_step, Location where) {
  add_event({.step = global_step, .session_log = log}, where);
}

void FileWriter::add_event(const Event& event, Location where) {
  const CallerLine line(where);
  file_->add(event);
}

void FileWriter::flush(Location where) {
  const CallerLine line(where);
  file_->flush();
}

void FileWriter::close(Location where) {
  const CallerLine line(where);
  file_->close();
}

const std::string& FileWriter::get_logdir() const { return file_->folder(); }

}  // namespace tenon::summary

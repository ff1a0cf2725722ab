// Saving and restoring a gibibyte in a hundred tensors: workload 12, beside writing and reading the
// same bytes plainly, in turn.
//   checkpoint [--threads N]     in the folder that TMPDIR names, else /tmp
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "support/bench.h"
#include "training_workloads.h"

namespace tn = tenon;
namespace fs = std::filesystem;

namespace {

constexpr size_t kTensors = 100;
constexpr int64_t kLength = 2684354;
constexpr size_t kBytes = size_t{kLength} * sizeof(float);
constexpr int kRounds = 3;

[[noreturn]] void die(const std::string& what) {
  std::fprintf(stderr, "checkpoint: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

// Memory that holds pages of this process, in bytes; its most since start() of a measurement.
int64_t resident_bytes(const char* key) {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kilobytes = 0;
  while (status >> word && word != key) {
  }
  status >> kilobytes;
  return kilobytes * 1024;
}

// How far the memory of the process rose above what it had before the call.
int64_t rise_of(const std::function<void()>& call) {
  std::ofstream("/proc/self/clear_refs") << 5;  // the highest so far is forgotten
  const int64_t before = resident_bytes("VmRSS:");
  call();
  return resident_bytes("VmHWM:") - before;
}

class Files {
 public:
  Files() { fs::create_directories(folder_); }
  ~Files() { fs::remove_all(folder_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  std::string path(const std::string& name) const { return folder_ / name; }

  // None of the folder's pages stay in memory.
  void forget() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      const int file = open(entry.path().c_str(), O_RDONLY);
      fsync(file);
      posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
      close(file);
    }
  }

 private:
  fs::path folder_ = fs::temp_directory_path() / ("tenon-bench-" + std::to_string(getpid()));
};

void write_plainly(const std::string& path, const std::vector<tn::Tensor>& values) {
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0644);
  for (size_t i = 0; i < kTensors; ++i) {
    const auto* at = reinterpret_cast<const char*>(values[i].data<float>().data());
    for (size_t done = 0; done < kBytes;) {
      const ssize_t count = write(file, at + done, kBytes - done);
      if (count <= 0) die("writing " + path);
      done += size_t(count);
    }
  }
  if (fsync(file) != 0) die("syncing " + path);
  close(file);
}

void read_plainly(const std::string& path, std::vector<std::vector<char>>& into) {
  const int file = open(path.c_str(), O_RDONLY);
  for (std::vector<char>& tensor : into) {
    for (size_t done = 0; done < kBytes;) {
      const ssize_t count = read(file, tensor.data() + done, kBytes - done);
      if (count <= 0) die("reading " + path);
      done += size_t(count);
    }
  }
  close(file);
}

struct Seconds {
  std::vector<double> all;
  void add(const std::function<void()>& call) { all.push_back(bench::seconds_of(call)); }
  void emit(const std::string& name, int threads,
            const std::map<std::string, int64_t>& extra = {}) const {
    std::vector<double> sorted = all;
    std::sort(sorted.begin(), sorted.end());
    bench::emit(name, threads, {sorted[sorted.size() / 2], sorted[0]}, 1, extra);
  }
};

void run(int threads) {
  const tn::Graph graph;
  const auto as_default = graph.as_default();
  const Files files;
  std::vector<tn::Tensor> values;
  for (uint32_t i = 0; i < kTensors; ++i) values.push_back(bench::numbers(200 + i, {kLength}));
  std::vector<tn::Variable> variables;
  for (size_t i = 0; i < kTensors; ++i) {
    variables.push_back(tn::get_variable(
        "v" + std::to_string(i), {.shape = {kLength}, .initializer = tn::zeros_initializer()}));
  }
  tn::Session session({.threads = threads});
  for (size_t i = 0; i < variables.size(); ++i) variables[i].load(values[i], session);
  tn::train::Saver saver({.var_list = variables});

  Seconds saved, written, restored, read, cold, cold_read;
  int64_t save_rise = 0, restore_rise = 0;
  const std::string plain = files.path("plain");
  for (int i = 0; i < kRounds; ++i) {
    sync();
    save_rise = rise_of([&] { saved.add([&] { saver.save(session, files.path("model")); }); });
    sync();
    written.add([&] { write_plainly(plain, values); });
  }
  for (const tn::Variable& variable : variables) {
    variable.load(tn::Tensor(tn::float32, {kLength}), session);
  }
  std::vector<std::vector<char>> buffers(kTensors, std::vector<char>(kBytes));
  for (int i = 0; i < kRounds; ++i) {
    restore_rise =
        rise_of([&] { restored.add([&] { saver.restore(session, files.path("model")); }); });
    read.add([&] { read_plainly(plain, buffers); });
  }
  files.forget();
  cold.add([&] { saver.restore(session, files.path("model")); });
  cold_read.add([&] { read_plainly(plain, buffers); });
  for (size_t i = 0; i < variables.size(); i += 33) {
    const tn::Tensor found = session.run(variables[i]);
    const auto values_found = found.data<float>(), wanted = values[i].data<float>();
    if (!std::equal(values_found.begin(), values_found.end(), wanted.begin())) {
      die("v" + std::to_string(i) + " came back otherwise");
    }
  }
  saved.emit("ckpt_save_fsync", threads, {{"memory_rise_bytes", save_rise}});
  written.emit("ckpt_plain_write_fsync", threads);
  restored.emit("ckpt_restore_warm", threads, {{"memory_rise_bytes", restore_rise}});
  read.emit("ckpt_plain_read_warm", threads);
  cold.emit("ckpt_restore_cold", threads);
  cold_read.emit("ckpt_plain_read_cold", threads);
}

}  // namespace

int main(int argc, char** argv) try {
  for (const int threads : bench::Arguments(argc, argv).threads) run(threads);
} catch (const tn::Error& error) {
  std::fprintf(stderr, "checkpoint: %s\n", error.what());
  return 1;
}

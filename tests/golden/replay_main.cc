// tenon_replay FILE: replays golden programs (JSON lines, gzip'd or not; "-" reads standard input)
// through the public API and prints {"id", "answers"} for each. FORMAT.md beside this file says
// what a program is; the answers that it expects are never looked at.
//
// tenon_replay --plans FILE prints {"id", "plans"}: the text of the plan of every run, in order.
#include <zlib.h>

#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/golden/program.h"

namespace {

using replay::Json;

// Lines of a file, unpacked where it is packed.
class Lines {
 public:
  explicit Lines(const std::string& path)
      : file_(path == "-" ? gzdopen(0, "rb") : gzopen(path.c_str(), "rb"), gzclose) {
    if (!file_) throw std::runtime_error("can't read " + path);
  }

  bool next(std::string& line) {
    line.clear();
    std::vector<char> part(1 << 16);
    while (gzgets(file_.get(), part.data(), static_cast<int>(part.size())) != nullptr) {
      line += part.data();
      if (line.back() == '\n') {
        line.pop_back();
        return true;
      }
    }
    int status = 0;
    const char* message = gzerror(file_.get(), &status);
    if (status != Z_OK && status != Z_STREAM_END) throw std::runtime_error(message);
    return !line.empty();
  }

 private:
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
};

Json replayed(const Json& source, bool with_plans) {
  replay::Program program;
  Json plans = Json::array();
  if (with_plans) program.plans = &plans;
  Json answers = Json::array();
  for (const Json& step : source.at("steps")) answers.push_back(program.answer(step));
  if (with_plans) return {{"id", source.at("id")}, {"plans", plans}};
  return {{"id", source.at("id")}, {"answers", answers}};
}

}  // namespace

int main(int count, char** arguments) {
  const bool with_plans = count == 3 && std::string_view(arguments[1]) == "--plans";
  if (count != 2 && !with_plans) {
    std::cerr << "usage: tenon_replay [--plans] FILE.jsonl[.gz]\n";
    return 2;
  }
  try {
    Lines lines(arguments[count - 1]);
    std::string line;
    while (lines.next(line)) {
      if (line.find_first_not_of(" \r\t") == std::string::npos) continue;
      std::cout << replayed(Json::parse(line), with_plans)
                       .dump(-1, ' ', false, Json::error_handler_t::replace)
                << '\n';
    }
  } catch (const std::exception& error) {
    std::cerr << "tenon_replay: " << error.what() << '\n';
    return 1;
  }
  return 0;
}

// The replayer and the programs that it must answer as TensorFlow did.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/testing/command.h"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using tenon::test::CommandResult;
using tenon::test::run_command;

const fs::path kGolden = fs::path(TENON_SOURCE_DIR) / "tests" / "golden";
const std::string kReplay = std::string("'") + TENON_BINARY_DIR + "/tenon_replay' ";

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

std::string contents(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A file of that text that is removed again.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& text)
      : path_(fs::path(testing::TempDir()) / (std::to_string(getpid()) + name)) {
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { fs::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// The answers to one program of these steps.
Json answers(const Json& steps) {
  const Json program = {{"id", "test-1"}, {"steps", steps}};
  const TemporaryFile file("program.jsonl", program.dump() + "\n");
  const CommandResult ran = run_command(kReplay + quoted(file.path()));
  EXPECT_EQ(ran.status, 0);
  const Json line = Json::parse(ran.output);
  EXPECT_EQ(line.at("id"), "test-1");
  return line.at("answers");
}

// The value of a constant, fetched.
Json fetched(const Json& value) {
  return answers({{{"do", "op"}, {"as", "c"}, {"op", "constant"}, {"attrs", {{"value", value}}}},
                  {{"do", "run"}, {"fetch", {{"ref", "c"}}}}})
      .at(1)
      .at("value");
}

// Statistics of unseeded random numbers are others in each run.
Json without_stats(Json program) {
  for (Json& answer : program.at("answers")) answer.erase("stats");
  return program;
}

class GoldenFamilyTest : public testing::TestWithParam<const char*> {};

TEST_P(GoldenFamilyTest, AnswersEveryStepAsTensorFlowDid) {
  const fs::path family = kGolden / GetParam();
  const CommandResult ran =
      run_command(kReplay + quoted(family) + " | python3 " + quoted(kGolden / "compare.py") + " " +
                  quoted(family) + " - --max-show 60");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find(" right, 0 wrong, 0 missing"), std::string::npos) << ran.output;
  EXPECT_EQ(ran.output.find("programs: 0 right"), std::string::npos) << ran.output;
}

// Of layers there are all but those with conv3d, and three of which roundings or a size of a static
// shape are others.
INSTANTIATE_TEST_SUITE_P(Whole, GoldenFamilyTest,
                         testing::Values("seeds.jsonl", "scopes.jsonl.gz", "devices.jsonl.gz",
                                         "collections.jsonl.gz", "init.jsonl.gz", "copies.jsonl.gz",
                                         "order.jsonl.gz", "graphs.jsonl.gz", "session.jsonl.gz",
                                         "opt2.jsonl.gz", "layers.jsonl.gz", "flow.jsonl.gz",
                                         "run.jsonl.gz", "grads.jsonl.gz", "sparse.jsonl.gz"),
                         [](const auto& family) {
                           const std::string name = family.param;
                           return name.substr(0, name.find('.'));
                         });

// Two answers are TensorFlow's own mistakes: erf of float64 is NaN at infinity in a part of a
// vector, and a Select of a tensor of another shape than it was said to have takes what lies
// behind.
TEST(GoldenTest, AnswersOperationsAsTensorFlowButForItsMistakes) {
  const fs::path family = kGolden / "ops.jsonl.gz";
  const CommandResult ran =
      run_command(kReplay + quoted(family) + " | python3 " + quoted(kGolden / "compare.py") + " " +
                  quoted(family) + " - --max-show 60");
  EXPECT_NE(ran.output.find("programs: 1498 right, 2 wrong, 0 missing"), std::string::npos)
      << ran.output;
  for (const char* id : {"ops-1.00380 step 9", "ops-1.00679 step 4"}) {
    EXPECT_NE(ran.output.find(id), std::string::npos) << ran.output;
  }
}

TEST(GoldenTest, TheComparisonSeesAWrongAnswer) {
  const Json program = {{"id", "test-1"},
                        {"steps", {{{"do", "get_name_scope"}}}},
                        {"expect", {{{"value", "elsewhere"}}}}};
  const TemporaryFile file("wrong.jsonl", program.dump() + "\n");
  const CommandResult ran =
      run_command(kReplay + quoted(file.path()) + " | python3 " + quoted(kGolden / "compare.py") +
                  " " + quoted(file.path()) + " -");
  EXPECT_NE(ran.status, 0);
  EXPECT_NE(ran.output.find("programs: 0 right, 1 wrong, 0 missing"), std::string::npos);
}

TEST(GoldenTest, TheReplayerNeverReadsWhatIsExpected) {
  const fs::path seeds = kGolden / "seeds.jsonl";
  std::ifstream programs(seeds);
  std::string stripped;
  for (std::string line; std::getline(programs, line);) {
    Json program = Json::parse(line);
    ASSERT_EQ(program.erase("expect"), 1u);
    stripped += program.dump() + "\n";
  }
  const TemporaryFile file("stripped.jsonl", stripped);
  const CommandResult with = run_command(kReplay + quoted(seeds)),
                      without = run_command(kReplay + quoted(file.path()));
  EXPECT_EQ(with.status, 0);
  EXPECT_EQ(without.status, 0);
  EXPECT_FALSE(with.output.empty());
  std::istringstream one(with.output), other(without.output);
  int count = 0;
  for (std::string line, same; std::getline(one, line); ++count) {
    ASSERT_TRUE(std::getline(other, same));
    EXPECT_EQ(without_stats(Json::parse(line)), without_stats(Json::parse(same)));
  }
  EXPECT_EQ(count, 60);
}

class EmulatedGpusTest : public testing::TestWithParam<const char*> {};

// Where operations that ask for nothing run is TensorFlow's choice too; what they answer is not.
TEST_P(EmulatedGpusTest, AnswerAsTheCpuDoes) {
  const std::string replay = kReplay + quoted(kGolden / GetParam());
  const CommandResult on_cpu = run_command(replay),
                      on_gpus = run_command("TENON_EMULATED_GPUS=2 " + replay);
  EXPECT_EQ(on_cpu.status, 0);
  EXPECT_EQ(on_gpus.status, 0);
  std::istringstream one(on_cpu.output), other(on_gpus.output);
  int count = 0;
  for (std::string line, same; std::getline(one, line); ++count) {
    ASSERT_TRUE(std::getline(other, same));
    if (line == same) continue;
    // Devices that programs ask for in vain on the CPU may be there.
    if (line.find("bad_placement") != std::string::npos) continue;
    EXPECT_EQ(without_stats(Json::parse(line)), without_stats(Json::parse(same)));
  }
  EXPECT_GE(count, 60);
}

INSTANTIATE_TEST_SUITE_P(Whole, EmulatedGpusTest,
                         testing::Values("seeds.jsonl", "init.jsonl.gz", "run.jsonl.gz",
                                         "train.jsonl.gz", "copies.jsonl.gz", "order.jsonl.gz",
                                         "session.jsonl.gz", "opt2.jsonl.gz", "flow.jsonl.gz",
                                         "layers.jsonl.gz", "sparse.jsonl.gz"),
                         [](const auto& family) {
                           const std::string name = family.param;
                           return name.substr(0, name.find('.'));
                         });

TEST(GoldenTest, TheReplayerReadsPackedFiles) {
  const std::string text = R"({"id": "a-1", "steps": [{"do": "get_name_scope"}]})";
  const TemporaryFile file("packed.jsonl.gz", "");
  gzFile packed = gzopen(file.path().c_str(), "wb");
  gzputs(packed, text.c_str());
  gzclose(packed);
  const CommandResult ran = run_command(kReplay + quoted(file.path()));
  EXPECT_EQ(ran.output, "{\"answers\":[{\"value\":\"\"}],\"id\":\"a-1\"}\n");
}

TEST(GoldenTest, TheReplayerReportsAFileThatIsNotThere) {
  const CommandResult ran = run_command(kReplay + "/nowhere.jsonl 2>&1");
  EXPECT_NE(ran.status, 0);
  EXPECT_EQ(ran.output, "tenon_replay: can't read /nowhere.jsonl\n");
}

TEST(GoldenTest, TheReplayerSeesThePublicApiAlone) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"][^>"]+[>"]))");
  static const std::regex standard(R"(<[a-z_]+>)");
  int files = 0;
  for (const auto& entry : fs::directory_iterator(kGolden)) {
    const std::string name = entry.path().filename();
    const std::string extension = entry.path().extension();
    if ((extension != ".cc" && extension != ".h") || name.find("_test.cc") != std::string::npos) {
      continue;
    }
    ++files;
    std::istringstream source(contents(entry.path()));
    for (std::string line; std::getline(source, line);) {
      std::smatch match;
      if (!std::regex_search(line, match, pattern)) continue;
      const std::string header = match[1];
      EXPECT_TRUE(header == "<tenon/tenon.h>" || header == "<nlohmann/json.hpp>" ||
                  header == "<zlib.h>" || header.rfind("\"tests/golden/", 0) == 0 ||
                  std::regex_match(header, standard))
          << name << " includes " << header;
    }
  }
  EXPECT_GT(files, 10);
}

TEST(GoldenTest, AnswersValuesThatAreNotFiniteAsText) {
  const Json value = fetched({{"value", {"nan", "inf", "-inf", 1.5}}, {"dtype", "float32"}});
  EXPECT_EQ(value.at("data"), Json({"nan", "inf", "-inf", 1.5}));
}

TEST(GoldenTest, AnswersNineDigitsOfAFloat) {
  EXPECT_EQ(fetched({{"value", 0.1}, {"dtype", "float32"}}).at("data").dump(), "0.100000001");
  EXPECT_EQ(fetched({{"value", 0.1}, {"dtype", "float64"}}).at("data").dump(), "0.1");
}

TEST(GoldenTest, RoundsToTheNearestFloat16) {
  const Json value =
      fetched({{"value", {0.1, 65519.0, 65520.0, 5.96e-8, 2.9e-8, -2.0}}, {"dtype", "float16"}});
  EXPECT_EQ(value.at("dtype"), "float16");
  EXPECT_EQ(value.at("data"), Json({0.0999755859, 65504.0, "inf", 5.96046448e-08, 0.0, -2.0}));
}

TEST(GoldenTest, AnswersADigestBeyond64Elements) {
  const Json value = fetched({{"wave", {0.5, 0.25}}, {"shape", {5, 13}}, {"dtype", "float64"}});
  double sum = 0.0, squares = 0.0;
  for (int i = 0; i < 65; ++i) {
    sum += std::sin(0.5 + 0.25 * i);
    squares += std::sin(0.5 + 0.25 * i) * std::sin(0.5 + 0.25 * i);
  }
  EXPECT_FALSE(value.contains("data"));
  EXPECT_EQ(value.at("shape"), Json({5, 13}));
  EXPECT_NEAR(value.at("sum").get<double>(), sum, 1e-12);
  EXPECT_NEAR(value.at("mean").get<double>(), sum / 65, 1e-12);
  EXPECT_NEAR(value.at("l2").get<double>(), std::sqrt(squares), 1e-12);
  ASSERT_EQ(value.at("first8").size(), 8u);
  EXPECT_NEAR(value.at("first8")[7].get<double>(), std::sin(0.5 + 0.25 * 7), 1e-15);
}

TEST(GoldenTest, AnswersAReferenceToNothingWithoutACall) {
  const Json given = answers({{{"do", "describe"}, {"of", {{"ref", "never"}}}},
                              {{"do", "exit"}},
                              {{"do", "get_name_scope"}}});
  EXPECT_EQ(given[0].at("error").at("kind"), "bad_reference");
  EXPECT_EQ(given[1].at("error").at("kind"), "nothing_to_exit");
  EXPECT_EQ(given[2], Json({{"value", ""}}));
}

TEST(GoldenTest, AnswersWhatIsNoStepAndGoesOn) {
  const Json given =
      answers({"text",
               {{"do", "get_variable"}, {"name", 3}},
               {{"do", "get_variable"}, {"name", "w"}, {"initializer", {{"init", 1}}}},
               {{"do", "op"}, {"op", "add"}, {"in", {1}}},
               {{"do", "enter_name_scope"}, {"name", "a"}, {"as", {1}}},
               {{"do", "Variable"},
                {"initial_value", {{"value", {1, 2}}, {"shape", {3}}, {"dtype", "int32"}}}},
               {{"do", "loss"}, {"loss", "compute_weighted_loss"}, {"in", Json::array()}},
               {{"do", "metric"}, {"metric", "accuracy"}, {"in", {1}}},
               {{"do", "session"}, {"config", {{"device_count", {{"CPU", -2147483649}}}}}},
               {{"do", "set_random_seed"}, {"seed", 1e300}},
               {{"do", "op"}, {"op", "zeros"}, {"attrs", {{"shape", {1e19}}}}},
               {{"do", "get_name_scope"}}});
  for (size_t i = 0; i < 11; ++i) EXPECT_EQ(given[i].at("error").at("kind"), "bad_program") << i;
  EXPECT_EQ(given[11], Json({{"value", ""}}));
}

TEST(GoldenTest, AnObjectHasNoEndToAppendTo) {
  const Json branch = {{"steps", Json::array()}, {"return", {{"a", 1}}}};
  const Json given =
      answers({{{"do", "op"}, {"as", "p"}, {"op", "constant"}, {"attrs", {{"value", true}}}},
               {{"do", "cond"},
                {"as", "o"},
                {"pred", {{"ref", "p"}}},
                {"true", branch},
                {"false", branch},
                {"strict", true}},
               {{"do", "list_append"}, {"list", {{"ref", "o"}}}, {"value", 2}},
               {{"do", "run"}, {"fetch", {{"ref", "o"}}}}});
  EXPECT_EQ(given[2].at("error").at("kind"), "bad_program");
  EXPECT_EQ(given[3].at("value").at("a").at("data"), 1);
}

// Every kind of step without each of its fields, with each of its lists emptied or cut short.
TEST(GoldenTest, AnswersStepsOfWhichSomethingIsMissing) {
  const TemporaryFile programs("short.jsonl", "");
  const CommandResult ran = run_command(
      "cd " + quoted(kGolden) + " && python3 cut_short.py *.jsonl *.jsonl.gz > " +
      quoted(programs.path()) + " && " + kReplay + quoted(programs.path()) + " 2>&1 > /dev/null");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_GT(fs::file_size(programs.path()), 1'000'000u);
}

}  // namespace

// The digits sample as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "tests/testing/command.h"
#include "tests/testing/event_reader.h"
#include "tests/testing/temporary_folder.h"

namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::HasSubstr;
using testing::Not;

std::string report_path(const std::string& name) {
  return testing::TempDir() + "digits_" + name + ".html";
}

CommandResult digits(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/digits " + arguments + " 2>&1");
}

CommandResult serve_digits(const std::string& arguments) {
  return run_command(TENON_BINARY_DIR "/samples/serve_digits " + arguments + " 2>&1");
}

double test_accuracy(const CommandResult& result) {
  std::smatch found;
  static const std::regex line("Test accuracy: ([0-9.]+) ");
  return std::regex_search(result.output, found, line) ? std::stod(found[1]) : -1;
}

TEST(DigitsTest, TrainsAndSaysWhatItDid) {
  const std::string report = report_path("default");
  const CommandResult result = digits("--report " + report);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_GE(test_accuracy(result), 0.98) << result.output;
  for (const char* text :
       {"Devices: ", "/device:CPU:0", "variable ", "digits/conv1/weights", "(3, 3, 1, 32)",
        "digits/dense2/biases", "float32", "each exists once.", "epoch  1/30", "epoch 30/30",
        "examples/s", " left", "The report is in "}) {
    EXPECT_THAT(result.output, HasSubstr(text));
  }
  EXPECT_THAT(result.output, Not(HasSubstr("\r"))) << "a bar belongs on terminals only";

  std::ifstream file(report);
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  for (const char* text : {"<svg", "Loss", "Accuracy", "What was read as what", "Read wrongly",
                           "first layer's filters", "digits/conv1/weights"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
  std::filesystem::remove(report);
}

// The lines of its epochs, but for their numbers among those of this run and the speed.
std::vector<std::string> epochs(const CommandResult& result) {
  static const std::regex line("epoch +[0-9]+/[0-9]+ +(.*test [0-9.]+)");
  std::vector<std::string> all;
  const std::string& text = result.output;
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at) {
    all.push_back((*at)[1]);
  }
  return all;
}

TEST(DigitsTest, GoesOnWhereItWasKilledAsIfItHadNot) {
  const tenon::test::TemporaryFolder folder;
  const std::string flags = "--epochs 3 --report " + folder / "report.html";
  const CommandResult whole = digits(flags);
  ASSERT_EQ(whole.status, 0) << whole.output;
  ASSERT_EQ(epochs(whole).size(), 3u) << whole.output;

  const std::string checkpoints = folder / "checkpoints";
  run_command(TENON_BINARY_DIR "/samples/digits --checkpoint " + checkpoints + " " + flags +
              " >/dev/null 2>&1 & until [ -e " + checkpoints +
              "/checkpoint ] || ! kill -0 $!; do sleep 0.02; done; kill -KILL $!");
  const CommandResult rest = digits("--checkpoint " + checkpoints + " " + flags);
  ASSERT_EQ(rest.status, 0) << rest.output;
  EXPECT_THAT(rest.output, HasSubstr("Goes on from " + checkpoints + "/digits-"));
  const std::vector<std::string> all = epochs(whole), some = epochs(rest);
  ASSERT_LE(some.size(), 2u) << rest.output;
  EXPECT_TRUE(std::equal(some.rbegin(), some.rend(), all.rbegin())) << rest.output;
  EXPECT_EQ(test_accuracy(rest), test_accuracy(whole));

  const CommandResult done = digits("--checkpoint " + checkpoints + " " + flags);
  ASSERT_EQ(done.status, 0) << done.output;
  EXPECT_EQ(test_accuracy(done), test_accuracy(whole));

  const CommandResult served = serve_digits("--checkpoint " + checkpoints + " --show 3");
  ASSERT_EQ(served.status, 0) << served.output;
  const auto right = std::lround(500 * test_accuracy(whole));
  EXPECT_THAT(served.output, HasSubstr("Read rightly: " + std::to_string(right) + " of 500"));
  EXPECT_THAT(served.output, HasSubstr("image   2: "));
  EXPECT_THAT(served.output, Not(HasSubstr("image   3: ")));
}

TEST(DigitsTest, CantBeServedWithoutACheckpoint) {
  const tenon::test::TemporaryFolder folder;
  const CommandResult result = serve_digits("--checkpoint " + folder / "none");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("serve_digits: "));
  EXPECT_THAT(result.output, HasSubstr("none"));
}

TEST(DigitsTest, WritesWhatTensorBoardShows) {
  const tenon::test::TemporaryFolder folder;
  const CommandResult result = digits("--epochs 2 --report " + folder / "report.html" +
                                      " --summaries " + folder / "summaries");
  ASSERT_EQ(result.status, 0) << result.output;
  const auto events = tenon::test::read_events(tenon::test::event_file_in(folder / "summaries"));
  ASSERT_EQ(events.size(), 7u);  // a header; of each epoch what the graph shows, and two numbers
  EXPECT_EQ(events[1].step * 2, events[4].step);
  EXPECT_THAT(events[4].text, HasSubstr(" summaries/digits/conv1/weights"));
  EXPECT_THAT(events[4].text, HasSubstr(" summaries/images/image/2"));
  EXPECT_THAT(events[4].text, HasSubstr(" summaries/test_accuracy=0."));
  EXPECT_THAT(events[5].text, HasSubstr(" summaries/loss="));
}

class DigitsSplitsTest : public testing::TestWithParam<int> {};

TEST_P(DigitsSplitsTest, ReadsDigitsOfAnySplit) {
  const std::string seed = std::to_string(GetParam()), report = report_path("split_" + seed);
  const CommandResult result = digits("--split-seed " + seed + " --report " + report);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_GE(test_accuracy(result), 0.975) << result.output;
  std::filesystem::remove(report);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DigitsSplitsTest, testing::Range(1, 6));

TEST(DigitsTest, SaysInOneLineThatItRunsOnTheCpu) {
  const std::string report = report_path("cpu");
  const CommandResult result = run_command(
      "CUDA_VISIBLE_DEVICES= " TENON_BINARY_DIR "/samples/digits --epochs 1 --report " + report);
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("There is no GPU here: the same program runs on the CPU.\n"));
  std::filesystem::remove(report);
}

TEST(DigitsTest, GivesTheSameNumbersWithOneWorkerAndTwo) {
  const auto losses = [](const std::string& threads) {
    const std::string report = report_path("threads");
    const CommandResult result = digits("--epochs 2 --threads " + threads + " --report " + report);
    std::string found;
    static const std::regex line("loss [0-9.]+  accuracy [0-9.]+  test [0-9.]+");
    for (std::sregex_iterator it(result.output.begin(), result.output.end(), line), end; it != end;
         ++it) {
      found += it->str() + "\n";
    }
    std::filesystem::remove(report);
    return found;
  };
  EXPECT_THAT(losses("1"), HasSubstr("loss"));
  EXPECT_EQ(losses("1"), losses("2"));
}

TEST(DigitsTest, ExplainsItsFlags) {
  const CommandResult result = digits("--help");
  EXPECT_EQ(result.status, 0);
  for (const char* flag : {"--epochs N", "--split-seed N", "--batch N", "--seed N", "--threads N",
                           "--report PATH", "(30)"}) {
    EXPECT_THAT(result.output, HasSubstr(flag));
  }
}

TEST(DigitsTest, RefusesWrongFlags) {
  EXPECT_EQ(digits("--epoch 3").status, 2);
  EXPECT_THAT(digits("--epochs none").output, HasSubstr("--epochs wants a whole number"));
}

TEST(DigitsTest, RefusesDataThatItCantRead) {
  const CommandResult missing = digits("--data /no/such/digits.csv");
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.output, HasSubstr("digits: Can't open the digits, /no/such/digits.csv"));

  const std::string path = testing::TempDir() + "digits_malformed.csv";
  std::ofstream(path) << "1,2,3\n";
  const CommandResult malformed = digits("--data " + path);
  EXPECT_EQ(malformed.status, 1);
  EXPECT_THAT(malformed.output, HasSubstr(path + ", line 1: expected 65 numbers, found 3"));
  std::filesystem::remove(path);
}

TEST(DigitsTest, SaysThatItCantWriteItsReport) {
  const CommandResult result = digits("--epochs 1 --report /no/such/folder/page.html");
  EXPECT_EQ(result.status, 1);
  EXPECT_THAT(result.output, HasSubstr("Can't write the report, /no/such/folder/page.html"));
}

}  // namespace

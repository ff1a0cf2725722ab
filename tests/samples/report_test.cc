// The page that digits writes.
#include "support/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <regex>
#include <sstream>

#include "support/svg.h"
#include "tenon/error.h"

namespace {

using testing::HasSubstr;
using testing::Not;

digits::Report example() {
  digits::Report report;
  report.epochs = {{2.0, 0.4, 2.1, 0.3}, {1.0, 0.8, 1.2, 0.7}};
  digits::Dataset test;
  test.pixels.assign(3 * digits::kPixels, 0.5f);
  test.labels = {4, 4, 9};
  std::vector<float> probabilities(30, 0.0f);
  probabilities[4] = 1;
  probabilities[10 + 7] = 0.62f;
  probabilities[20 + 9] = 1;
  report.add_results(test, std::vector<int32_t>{4, 7, 9}, probabilities);
  report.filters.assign(9 * 2, 0.25f);
  report.variables = {{"digits/conv1/weights", "(3, 3, 1, 2)", "float32", "/device:CPU:0", 72}};
  report.facts = {{"training time", "1.5 s"}, {"images a second", "1000"}};
  return report;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

TEST(ReportTest, CountsWhatWasReadAsWhat) {
  const digits::Report report = example();
  EXPECT_EQ(report.confusion[4][4], 1);
  EXPECT_EQ(report.confusion[4][7], 1);
  EXPECT_EQ(report.confusion[9][9], 1);
  EXPECT_DOUBLE_EQ(report.test_accuracy(), 2.0 / 3);
  ASSERT_EQ(report.mistakes.size(), 1u);
  EXPECT_EQ(report.mistakes[0].shown, 4);
  EXPECT_EQ(report.mistakes[0].read, 7);
  EXPECT_NEAR(report.mistakes[0].confidence, 0.62, 1e-6);
}

TEST(ReportTest, ShowsEverythingOnOnePage) {
  const std::string page = digits::to_html(example());
  for (const char* part :
       {"66.7 %", "1 of 3", "1.5 s", "Loss", "Accuracy", "4 read as 7", "62 %",
        "What was read as what", "first layer's filters", "digits/conv1/weights", "CC BY 4.0"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_EQ(count(page, "<path"), 4u);  // two curves in each chart
  // Charts, confusion matrix, one mistake, two filters.
  EXPECT_EQ(count(page, "<svg"), 2u + 1 + 1 + 2);
  EXPECT_EQ(count(page, "<svg"), count(page, "</svg>"));
}

TEST(ReportTest, NeedsNothingFromElsewhere) {
  const std::string page = digits::to_html(example());
  for (const char* part : {"<script", "http:", "https:", "src=", "<link", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(ReportTest, ClosesWhatItOpens) {
  const std::string page = digits::to_html(example());
  const std::regex tag(R"(<(/?)(\w+)[^>]*?(/?)>)");
  std::vector<std::string> open;
  for (std::sregex_iterator it(page.begin(), page.end(), tag), end; it != end; ++it) {
    const std::string name = (*it)[2];
    if ((*it)[3] == "/" || name == "meta" || name == "br" || name == "rect") continue;
    if ((*it)[1] == "/") {
      ASSERT_FALSE(open.empty()) << it->str();
      ASSERT_EQ(open.back(), name) << "at " << it->position();
      open.pop_back();
    } else {
      open.push_back(name);
    }
  }
  EXPECT_TRUE(open.empty()) << open.back();
}

TEST(ReportTest, SaysSoWhenNothingWasReadWrongly) {
  digits::Report report = example();
  report.mistakes.clear();
  EXPECT_THAT(digits::to_html(report), HasSubstr("every test image was read correctly"));
}

TEST(ReportTest, ShowsFortyMistakesAtMost) {
  digits::Report report = example();
  report.mistakes.resize(100, report.mistakes.front());
  const std::string page = digits::to_html(report);
  EXPECT_THAT(page, HasSubstr("The first 40"));
  EXPECT_EQ(count(page, "<title>4 read as 7</title>"), 40u);
}

TEST(ReportTest, LeavesGapsWhereALossIsNoNumber) {
  digits::Report report = example();
  report.epochs[1].train_loss = std::numeric_limits<double>::quiet_NaN();
  report.epochs[1].test_loss = std::numeric_limits<double>::infinity();
  const std::string page = digits::to_html(report);
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_THAT(page, Not(HasSubstr("inf\"")));
}

TEST(ReportTest, WritesTextAsText) {
  digits::Report report = example();
  report.facts.emplace_back("note", "<b>\"a\" & b</b>");
  EXPECT_THAT(digits::to_html(report), HasSubstr("&lt;b&gt;&quot;a&quot; &amp; b&lt;/b&gt;"));
}

TEST(ReportTest, WritesTheFileAndSaysWhere) {
  const std::string path = testing::TempDir() + "digits_report_test.html";
  std::ostringstream out;
  digits::write_report(example(), path, out);
  std::ifstream file(path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), digits::to_html(example()));
  EXPECT_THAT(out.str(), HasSubstr("Test accuracy: 0.6667 (1 of 3 images read wrongly)"));
  EXPECT_THAT(out.str(), HasSubstr("The report is in " + path));
  std::filesystem::remove(path);
}

TEST(ReportTest, SaysThatAFileCantBeWritten) {
  const std::string path = testing::TempDir() + "no_such_folder/page.html";
  std::ostringstream out;
  try {
    digits::write_report(example(), path, out);
    FAIL() << "wrote into a folder that isn't there";
  } catch (const tenon::NotFoundError& error) {
    EXPECT_EQ(error.kind(), tenon::ErrorKind::bad_argument);
    EXPECT_THAT(error.what(), HasSubstr(path + ": No such file or directory"));
    EXPECT_THAT(error.what(), HasSubstr("--report"));
  }
  EXPECT_EQ(out.str(), "");
}

TEST(SvgTest, MarksAxesWithRoundNumbers) {
  EXPECT_THAT(samples::round_marks(0, 2.3, 5),
              testing::Pointwise(testing::DoubleNear(1e-9), {0.0, 0.5, 1.0, 1.5, 2.0, 2.5}));
  EXPECT_THAT(samples::round_marks(62, 100, 5),
              testing::Pointwise(testing::DoubleNear(1e-9), {60.0, 70.0, 80.0, 90.0, 100.0}));
}

TEST(SvgTest, DrawsAChartOfOnePointAndOfNone) {
  EXPECT_THAT(samples::chart({{"a", "#000", {1.0}}}, "epoch", 1, 0), HasSubstr("<circle"));
  const std::string none = samples::chart({{"a", "#000", {}}}, "epoch", 1, 0);
  EXPECT_THAT(none, Not(HasSubstr("nan")));
  EXPECT_THAT(none, Not(HasSubstr("<path")));
}

TEST(SvgTest, DrawsAChartOfEqualValues) {
  const std::string chart = samples::chart({{"a", "#000", {100, 100}}}, "epoch", 0, 100);
  EXPECT_THAT(chart, Not(HasSubstr("nan")));
  EXPECT_THAT(chart, Not(HasSubstr("inf")));
}

TEST(SvgTest, TintsByTheSign) {
  const std::string drawing = samples::signed_picture({-1, 0, 1}, 1, 3, 10, 1, "filter");
  EXPECT_THAT(drawing, HasSubstr("#2166ac"));
  EXPECT_THAT(drawing, HasSubstr("#ffffff"));
  EXPECT_THAT(drawing, HasSubstr("#c85a14"));
}

}  // namespace

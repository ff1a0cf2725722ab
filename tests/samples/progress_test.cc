#include "support/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <sstream>

namespace {

using testing::HasSubstr;
using testing::Not;

class ProgressTest : public testing::Test {
 protected:
  samples::Progress::Clock clock() {
    return [this] { return now_; };
  }
  double now_ = 100;
  std::ostringstream out_;
};

TEST_F(ProgressTest, PrintsPlainLinesWhereThereIsNoTerminal) {
  samples::Progress progress(out_, false, 2, 2, clock());
  progress.step(2.0, 0.25, 8);
  progress.step(1.0, 0.75, 8);
  now_ += 4;
  progress.end_epoch(0.5);
  EXPECT_EQ(out_.str(),
            "epoch 1/2  loss 1.5000  accuracy 0.5000  test 0.5000  4 examples/s  4 s left\n");
}

TEST_F(ProgressTest, SaysNothingOfTimeLeftAtTheEnd) {
  samples::Progress progress(out_, false, 1, 1, clock());
  progress.step(2.0, 0.25, 8);
  now_ += 2;
  progress.end_epoch(1);
  EXPECT_EQ(out_.str(), "epoch 1/1  loss 2.0000  accuracy 0.2500  test 1.0000  4 examples/s\n");
}

TEST_F(ProgressTest, PrintsAboutTenLinesOfALongTraining) {
  samples::Progress progress(out_, false, 100, 1, clock());
  for (int epoch = 0; epoch < 100; ++epoch) {
    progress.step(1, 1, 1);
    progress.end_epoch(1);
  }
  const std::string text = out_.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 11);
  EXPECT_THAT(text, HasSubstr("epoch   1/100"));
  EXPECT_THAT(text, HasSubstr("epoch 100/100"));
}

TEST_F(ProgressTest, DrawsNoBarWhereThereIsNoTerminal) {
  samples::Progress progress(out_, false, 1, 1, clock());
  now_ += 10;
  progress.step(1, 1, 1);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(ProgressTest, DrawsABarOnATerminal) {
  samples::Progress progress(out_, true, 1, 4, clock());
  now_ += 1;
  progress.step(0.5, 1, 10);
  EXPECT_THAT(out_.str(), HasSubstr("\r[=======                     ] epoch 1/1  loss 0.5000"));
  EXPECT_THAT(out_.str(), HasSubstr("10 examples/s  3 s left"));
  EXPECT_THAT(out_.str(), Not(HasSubstr("\n")));
}

TEST_F(ProgressTest, RedrawsTheBarNoOftenerThanTenTimesASecond) {
  samples::Progress progress(out_, true, 1, 1000, clock());
  progress.step(1, 1, 1);
  const std::string once = out_.str();
  now_ += 0.05;
  progress.step(1, 1, 1);
  EXPECT_EQ(out_.str(), once);
  now_ += 0.06;
  progress.step(1, 1, 1);
  EXPECT_NE(out_.str(), once);
}

TEST_F(ProgressTest, WritesLongTimesInMinutes) {
  samples::Progress progress(out_, false, 2, 1, clock());
  progress.step(1, 1, 1);
  now_ += 125;
  progress.end_epoch(1);
  EXPECT_THAT(out_.str(), HasSubstr("2 min 5 s left"));
}

TEST_F(ProgressTest, WeighsBatchesByTheirSizeAndStartsEachEpochAnew) {
  samples::Progress progress(out_, false, 2, 2, clock());
  progress.step(1.0, 1.0, 30);
  progress.step(4.0, 0.0, 10);
  EXPECT_DOUBLE_EQ(progress.mean_loss(), 1.75);
  EXPECT_DOUBLE_EQ(progress.mean_accuracy(), 0.75);
  progress.end_epoch(1);
  progress.step(3.0, 0.5, 10);
  EXPECT_DOUBLE_EQ(progress.mean_loss(), 3);
}

TEST_F(ProgressTest, ShowsALossThatIsNoNumber) {
  samples::Progress progress(out_, false, 1, 1, clock());
  progress.step(std::numeric_limits<double>::quiet_NaN(), 0, 1);
  progress.end_epoch(0);
  EXPECT_THAT(out_.str(), HasSubstr("loss nan"));
}

}  // namespace

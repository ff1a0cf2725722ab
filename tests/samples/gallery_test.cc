// What the gan sample shows: drawings on the terminal, and its page.
#include "support/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/page.h"
#include "tests/testing/errors.h"

namespace {

using testing::HasSubstr;
using testing::Not;

// An image with ink only in its first row.
std::vector<float> images(size_t count) {
  std::vector<float> pixels(count * digits::kPixels, 0.0f);
  for (size_t i = 0; i < count; ++i) {
    for (size_t x = 0; x < digits::kSide; ++x) pixels[i * digits::kPixels + x] = 1;
  }
  return pixels;
}

digits::Gallery example(size_t steps) {
  digits::Gallery gallery;
  for (size_t i = 0; i < steps; ++i) {
    gallery.discriminator_losses.push_back(0.5);
    gallery.generator_losses.push_back(i < 100 ? 3 : 1);
  }
  gallery.stages = {{10, images(20), 0.125}, {steps, images(20), 0.875}};
  gallery.seconds = 1.5;
  return gallery;
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

// What `images` looks like: one full line, and seven empty ones.
std::string band(size_t count) {
  std::string text(16 * count, '@');
  text.append(8, '\n');
  return text;
}

std::string drawn(const std::vector<float>& pixels) {
  std::ostringstream out;
  digits::draw(out, pixels);
  return out.str();
}

TEST(GalleryTest, DrawsAnImageAsEightLines) { EXPECT_EQ(drawn(images(1)), band(1)); }

TEST(GalleryTest, DrawsFiveImagesSideBySide) {
  EXPECT_EQ(drawn(images(6)), band(5).append("\n").append(band(1)));
}

TEST(GalleryTest, DrawsMoreInkDarker) {
  std::vector<float> pixels(digits::kPixels, 0.0f);
  for (size_t x = 0; x < digits::kSide; ++x) pixels[x] = static_cast<float>(x) / 7;
  EXPECT_EQ(drawn(pixels), "  ..--==++**%%@@\n\n\n\n\n\n\n\n");
}

TEST(GalleryTest, DrawsInkOutsideOfZeroToOneAsTheNearestShade) {
  std::vector<float> pixels(digits::kPixels, -1.0f);
  pixels[1] = 2;
  EXPECT_EQ(drawn(pixels), "  @@\n\n\n\n\n\n\n\n");
}

TEST(GalleryTest, PrintsTheMeanLossesOfTheLastHundredSteps) {
  std::ostringstream out;
  digits::print_stage(out, example(200));
  EXPECT_EQ(out.str(),
            "step 200  discriminator's loss 0.500  generator's 1.000  readable drawings 87.5 %\n");
}

TEST(GalleryTest, ShowsTheFirstTenDrawingsOfEachStageAndAllOfTheLast) {
  const std::string page = digits::to_html(example(200));
  for (const char* part : {"Drawing digits", "87.5 %", "200</b>", "1.5 s", "step 10<", "step 200<",
                           "steps / 10<", "asked for a 9"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_EQ(count(page, "<svg"), 1u + 10 + 10 + 20);
  EXPECT_EQ(count(page, "<svg"), count(page, "</svg>"));
  EXPECT_EQ(count(page, "<div"), count(page, "</div>"));
}

TEST(GalleryTest, NamesSingleStepsWhereThereAreFew) {
  const std::string page = digits::to_html(example(20));
  EXPECT_THAT(page, HasSubstr(">step</text>"));
  EXPECT_THAT(page, Not(HasSubstr("steps /")));
}

TEST(GalleryTest, MakesAPageOfAnEmptyGallery) {
  const std::string page = digits::to_html({});
  EXPECT_THAT(page, HasSubstr("0</b>"));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(GalleryTest, WritesTheFileAndSaysWhere) {
  const std::string path = testing::TempDir() + "gallery_test.html";
  std::ostringstream out;
  digits::write_gallery(example(20), path, out);
  EXPECT_EQ(out.str(), "The drawings are in " + path + "\n");
  std::ifstream file(path);
  EXPECT_EQ(std::string((std::istreambuf_iterator<char>(file)), {}), digits::to_html(example(20)));
  std::filesystem::remove(path);
}

TEST(GalleryTest, SaysThatAFileCantBeWritten) {
  std::ostringstream out;
  EXPECT_ERROR(digits::write_gallery({}, "/no/such/folder/page.html", out), NotFoundError,
               bad_argument, "/no/such/folder/page.html");
  EXPECT_EQ(out.str(), "");
}

TEST(PageTest, EscapesTitlesAndFigures) {
  EXPECT_THAT(samples::page("a < b", "", "", ""), HasSubstr("<h1>a &lt; b</h1>"));
  EXPECT_EQ(samples::figure("<1", "a & b"),
            "<div class=\"number\"><b>&lt;1</b><span>a &amp; b</span></div>\n");
}

TEST(PageTest, NamesTheCurvesInTheirColours) {
  EXPECT_EQ(
      samples::legend({{"a & b", "#123456", {}}}),
      "<div class=\"legend\"><span><i style=\"background:#123456\"></i>a &amp; b</span></div>\n");
}

}  // namespace

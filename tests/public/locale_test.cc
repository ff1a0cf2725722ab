// Numbers in tensors and messages are written alike whatever the program's locale.
#include <gtest/gtest.h>

#include <iostream>
#include <locale>
#include <sstream>
#include <string>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::test {
namespace {

struct German : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

class LocaleTest : public ::testing::Test {
 protected:
  LocaleTest() { std::locale::global(std::locale(std::locale::classic(), new German)); }
  ~LocaleTest() override { std::locale::global(before_); }

  template <typename T>
  static std::string printed(const T& value) {
    std::ostringstream out;  // has the global locale
    out << value;
    return out.str();
  }

  std::locale before_;
};

TEST_F(LocaleTest, TensorsArePrintedInTheClassicOne) {
  EXPECT_EQ(printed(1234567), "1.234.567");  // the locale is in force
  EXPECT_EQ(printed(Tensor({1234567, -2})), "[1234567 -2]");
  EXPECT_EQ(printed(Tensor({int64_t{1} << 40})), "[1099511627776]");
  EXPECT_EQ(printed(Tensor({1234.5f, 1e10f})), "[1234.5 1e+10]");
  EXPECT_EQ(printed(Tensor({1234.5, 0.1})), "[1234.5 0.1]");
  EXPECT_EQ(printed(Tensor({int16_t{12345}})), "[12345]");
  EXPECT_EQ(printed(Shape{1234567}), "(1234567,)");
  EXPECT_EQ(printed(Location{"a.cc", 12345}), "a.cc:12345");
  EXPECT_EQ(to_string(Location{"a.cc", 12345}), "a.cc:12345");
}

TEST_F(LocaleTest, AStreamsOwnFormatIsLeftAlone) {
  std::ostringstream out;
  out << std::hex << std::showpos << Tensor({255}) << 255;
  EXPECT_EQ(out.str(), "[255]ff");
}

TEST_F(LocaleTest, MessagesAreWrittenInTheClassicOne) {
  const Graph graph;
  auto as_default = graph.as_default();
  EXPECT_ERROR(Tensor(float32, {1234, 5}).reshaped({1234567}), ValueError, shape_incompatible,
               "6170 elements to shape (1234567,)");
  Session session;
#line 12345
  const Output bad = gather(ones({2}), placeholder_with_default(constant(5678), {}));
  EXPECT_ERROR(session.run(bad), InvalidArgumentError, index_out_of_range, "locale_test.cc:12345");
  EXPECT_ERROR(session.run(bad), InvalidArgumentError, index_out_of_range, "5678");
  EXPECT_ERROR(nn::dropout(ones({2}), {.rate = 1234.5}), ValueError, bad_argument, "1234.5");
}

}  // namespace
}  // namespace tenon::test

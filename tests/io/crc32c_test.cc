// CRC-32C: published values, and both ways to compute it.
#include "core/io/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace tenon::internal {
namespace {

// RFC 3720, B.4.
TEST(Crc32cTest, IsThatOfTheStandard) {
  std::string rising, falling;
  for (int i = 0; i < 32; ++i) {
    rising += static_cast<char>(i);
    falling += static_cast<char>(31 - i);
  }
  for (auto* extend : {extend_crc32c, extend_crc32c_by_tables}) {
    EXPECT_EQ(extend(0, std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(extend(0, std::string(32, '\xff')), 0x62a8ab43u);
    EXPECT_EQ(extend(0, rising), 0x46dd794eu);
    EXPECT_EQ(extend(0, falling), 0x113fdb5cu);
    EXPECT_EQ(extend(0, "123456789"), 0xe3069283u);
    EXPECT_EQ(extend(0, ""), 0u);
  }
}

TEST(Crc32cTest, IsTheSameByInstructionAndByTables) {
  std::string bytes;
  for (int i = 0; i < 20000; ++i) bytes += static_cast<char>(i * i / 7);
  for (size_t size = 0; size < bytes.size(); size += size < 600 ? 1 : 517) {
    for (const size_t start : {0, 1, 5}) {
      const std::string_view part = std::string_view(bytes).substr(start, size);
      ASSERT_EQ(crc32c(part), extend_crc32c_by_tables(0, part)) << size << " from " << start;
    }
  }
}

TEST(Crc32cTest, GoesOnWhereItStopped) {
  const std::string bytes(5000, 'q');
  const std::string_view all = bytes;
  for (const size_t cut : {0, 1, 8, 3071, 3072, 4999}) {
    EXPECT_EQ(extend_crc32c(crc32c(all.substr(0, cut)), all.substr(cut)), crc32c(all)) << cut;
  }
}

TEST(Crc32cTest, JoinsThoseOfTwoStretches) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += static_cast<char>(i * i / 3);
  const std::string_view all = bytes;
  for (const size_t cut : {0, 1, 8, 3071, 3072, 4999, 5000}) {
    const std::string_view first = all.substr(0, cut), second = all.substr(cut);
    EXPECT_EQ(joined_crc32c(crc32c(first), crc32c(second), second.size()), crc32c(all)) << cut;
  }
}

}  // namespace
}  // namespace tenon::internal

#include "core/io/crc32c.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace tenon::internal {

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78u;  // reversed: bit 31 is the constant term

// kTables[k][b]: what byte b does to the checksum when k bytes follow it.
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;
constexpr CrcTables make_crc_tables() {
  CrcTables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < tables.size(); ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}
constexpr CrcTables kCrcTables = make_crc_tables();

// Of polynomials, modulo the CRC's.
constexpr uint32_t product(uint32_t a, uint32_t b) {
  uint32_t sum = 0;
  for (; a != 0; a <<= 1) {
    if ((a >> 31) != 0) sum ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return sum;
}

// x to that power.
constexpr uint32_t power_of_x(uint64_t exponent) {
  uint32_t result = uint32_t{1} << 31, power = uint32_t{1} << 30;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = product(result, power);
    power = product(power, power);
  }
  return result;
}

uint64_t load_word(const char* at) {
  uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

#ifdef __x86_64__
// Three stretches at a time: the instruction takes three cycles, and one may start in each.
constexpr size_t kStretch = 1024;  // bytes

// What kStretch zero bytes do to a checksum, by each of its bytes: as they are linear, the
// checksum of two stretches is that of the first, moved on so, XOR that of the second.
constexpr std::array<std::array<uint32_t, 256>, 4> make_move_tables() {
  std::array<uint32_t, 32> moved{};  // of each bit
  for (size_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = uint32_t{1} << bit;
    for (size_t i = 0; i < kStretch; ++i) crc = (crc >> 8) ^ kCrcTables[0][crc & 0xff];
    moved[bit] = crc;
  }
  std::array<std::array<uint32_t, 256>, 4> tables{};
  for (size_t k = 0; k < 4; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      for (size_t bit = 0; bit < 8; ++bit) {
        if ((byte >> bit & 1) != 0) tables[k][byte] ^= moved[8 * k + bit];
      }
    }
  }
  return tables;
}
constexpr auto kMoveTables = make_move_tables();

uint64_t move_on(uint64_t crc) {
  return kMoveTables[0][crc & 0xff] ^ kMoveTables[1][crc >> 8 & 0xff] ^
         kMoveTables[2][crc >> 16 & 0xff] ^ kMoveTables[3][crc >> 24 & 0xff];
}

__attribute__((target("sse4.2"))) uint32_t extend_by_instruction(uint32_t start,
                                                                 std::string_view bytes) {
  uint64_t crc = ~start;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 3 * kStretch; at += 3 * kStretch, left -= 3 * kStretch) {
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < kStretch; i += 8) {
      crc = _mm_crc32_u64(crc, load_word(at + i));
      second = _mm_crc32_u64(second, load_word(at + kStretch + i));
      third = _mm_crc32_u64(third, load_word(at + 2 * kStretch + i));
    }
    crc = move_on(move_on(crc) ^ second) ^ third;
  }
  for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, load_word(at));
  auto short_crc = static_cast<uint32_t>(crc);
  for (; left > 0; ++at, --left) short_crc = _mm_crc32_u8(short_crc, static_cast<uint8_t>(*at));
  return ~short_crc;
}

// Folding: 16 bytes as a polynomial are, modulo the CRC's, what two products of 64 bits make of
// them so many bits further on. Bits are in reverse, which multiplies each product by x.
#define TENON_FOLDS __attribute__((target("avx512f,avx512vl,pclmul,vpclmulqdq,sse4.2")))
constexpr size_t kFolded = 256;  // bytes at a time

constexpr int64_t fold_factor(uint64_t bits) {
  return static_cast<int64_t>(uint64_t{power_of_x(bits - 1)} << 32);
}

// The factors for each quarter of a vector, by the bits that it goes on.
struct FoldFactors {
  alignas(64) int64_t words[8] = {};
  constexpr explicit FoldFactors(const std::array<uint64_t, 4>& bits) {
    for (size_t i = 0; i < 4; ++i) {
      words[2 * i] = fold_factor(bits[i] + 64);
      words[2 * i + 1] = fold_factor(bits[i]);
    }
  }
};
TENON_FOLDS inline __m512i folded(__m512i bytes, __m512i factors) {
  return _mm512_xor_si512(_mm512_clmulepi64_epi128(bytes, factors, 0x00),
                          _mm512_clmulepi64_epi128(bytes, factors, 0x11));
}

// Of at least kFolded bytes.
TENON_FOLDS uint32_t extend_by_folding(uint32_t start, std::string_view bytes) {
  constexpr size_t kVectors = 4, kVector = kFolded / kVectors;
  static constexpr FoldFactors kFar({8 * kFolded, 8 * kFolded, 8 * kFolded, 8 * kFolded}),
      kNext({8 * kVector, 8 * kVector, 8 * kVector, 8 * kVector}), kToLast({384, 256, 128, 128});
  const __m512i far = _mm512_load_si512(kFar.words), next = _mm512_load_si512(kNext.words),
                to_last = _mm512_load_si512(kToLast.words);
  const char* at = bytes.data();
  size_t left = bytes.size();
  __m512i sums[kVectors];
  for (size_t i = 0; i < kVectors; ++i) sums[i] = _mm512_loadu_si512(at + kVector * i);
  sums[0] = _mm512_xor_si512(sums[0],
                             _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(~start))));
  for (at += kFolded, left -= kFolded; left >= kFolded; at += kFolded, left -= kFolded) {
    for (size_t i = 0; i < kVectors; ++i) {
      sums[i] = _mm512_xor_si512(folded(sums[i], far), _mm512_loadu_si512(at + kVector * i));
    }
  }
  for (size_t i = 1; i < kVectors; ++i) {
    sums[i] = _mm512_xor_si512(sums[i], folded(sums[i - 1], next));
  }
  // The first three quarters, brought to the last.
  alignas(64) uint64_t words[8], last[8];
  _mm512_store_si512(words, folded(sums[kVectors - 1], to_last));
  _mm512_store_si512(last, sums[kVectors - 1]);
  uint64_t crc = 0;
  for (size_t i = 0; i < 2; ++i) {
    crc = _mm_crc32_u64(crc, words[i] ^ words[2 + i] ^ words[4 + i] ^ last[6 + i]);
  }
  return extend_by_instruction(~static_cast<uint32_t>(crc), {at, left});
}
#undef TENON_FOLDS
#endif

}  // namespace

uint32_t extend_crc32c_by_tables(uint32_t start, std::string_view bytes) {
  uint32_t crc = ~start;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {
    const uint64_t word = load_word(at) ^ crc;
    crc = 0;
    for (size_t k = 0; k < 8; ++k) crc ^= kCrcTables[7 - k][word >> (8 * k) & 0xff];
  }
  for (; left > 0; ++at, --left) {
    crc = (crc >> 8) ^ kCrcTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff];
  }
  return ~crc;
}

// Checksums are polynomials modulo that of the CRC, and n zero bytes behind the first stretch
// multiply its checksum by x to the power of 8n.
uint32_t joined_crc32c(uint32_t first, uint32_t second, uint64_t bytes_of_second) {
  return product(first, power_of_x(8 * bytes_of_second)) ^ second;
}

uint32_t extend_crc32c(uint32_t crc, std::string_view bytes) {
#ifdef __x86_64__
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  static const bool folds = has_instruction && __builtin_cpu_supports("avx512vl") != 0 &&
                            __builtin_cpu_supports("vpclmulqdq") != 0;
  if (folds && bytes.size() >= kFolded) return extend_by_folding(crc, bytes);
  if (has_instruction) return extend_by_instruction(crc, bytes);
#endif
  return extend_crc32c_by_tables(crc, bytes);
}

}  // namespace tenon::internal

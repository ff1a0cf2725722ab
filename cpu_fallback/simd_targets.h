// Which processors our vector code is compiled for; chosen among when the program runs. Include
// before any header of Highway. Those left out gain little over the next plainer one.
#pragma once

#if defined(TENON_FEWER_TARGETS)  // the plainest and the widest: builds for sanitizers
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#else
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#endif

// Promises that no iteration of the loop reads what another one writes. (In-place work is fine.)
#if defined(__clang__)
// It is no mistake when a loop stays as it is: builds for sanitizers hardly optimise.
#pragma clang diagnostic ignored "-Wpass-failed"
#define TENON_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define TENON_INDEPENDENT _Pragma("GCC ivdep")
#else
#define TENON_INDEPENDENT
#endif

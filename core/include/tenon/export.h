// TENON_API marks what the library exports; everything else has hidden visibility.
#pragma once

#if defined(_WIN32)
#define TENON_API
#else
#define TENON_API __attribute__((visibility("default")))
#endif

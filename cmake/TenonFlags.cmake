# What all of our own code is compiled with. Never -march: a plain build runs on any x86-64 and on
# Arm, and picks the vector instructions when it runs. No contraction: every path gives the same bits.
set(TENON_WARNINGS -Wall -Wextra -Wpedantic -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees bounds broken inside its own std::string where that is inlined.
  list(APPEND TENON_WARNINGS -Wno-array-bounds -Wno-restrict)
endif()
if(TENON_WARNINGS_AS_ERRORS)
  list(APPEND TENON_WARNINGS -Werror)
endif()

add_library(tenon_flags INTERFACE)
target_compile_options(tenon_flags INTERFACE ${TENON_WARNINGS} -ffp-contract=off)
target_include_directories(tenon_flags INTERFACE ${PROJECT_SOURCE_DIR}
                           ${PROJECT_SOURCE_DIR}/core/include ${PROJECT_SOURCE_DIR}/cuda/include)
target_link_libraries(tenon_flags INTERFACE Threads::Threads)

find_program(TENON_CCACHE ccache)
mark_as_advanced(TENON_CCACHE)
if(TENON_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Without these two, ccache passes by whatever is compiled with a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros ${TENON_CCACHE})
endif()

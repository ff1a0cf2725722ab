# The libraries inside of libtenon: core/io reads and writes checkpoints and reads pictures with
# them, core/graph matches names. By file, not by package: Debian's packages for CMake name their libraries by absolute paths,
# which aren't those of a prefix that they were unpacked into.
find_path(LEVELDB_INCLUDE_DIR leveldb/table_builder.h)
find_library(LEVELDB_LIBRARY leveldb)
find_path(SNAPPY_INCLUDE_DIR snappy.h)
find_library(SNAPPY_LIBRARY snappy)
find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp)
find_path(RE2_INCLUDE_DIR re2/re2.h)
find_library(RE2_LIBRARY re2)
find_path(JPEG_INCLUDE_DIR jpeglib.h)
find_library(JPEG_LIBRARY jpeg)
find_path(PNG_INCLUDE_DIR png.h)
find_library(PNG_LIBRARY png)
foreach(name IN ITEMS LEVELDB_INCLUDE_DIR LEVELDB_LIBRARY SNAPPY_INCLUDE_DIR SNAPPY_LIBRARY
                      PROTOZERO_INCLUDE_DIR RE2_INCLUDE_DIR RE2_LIBRARY
                      JPEG_INCLUDE_DIR JPEG_LIBRARY PNG_INCLUDE_DIR PNG_LIBRARY)
  mark_as_advanced(${name})
  if(NOT ${name})
    message(FATAL_ERROR "Tenon needs libleveldb, libsnappy, protozero, RE2, libjpeg and libpng, and "
            "${name} isn't found; Debian's packages are libleveldb-dev, libsnappy-dev, "
            "libprotozero-dev, libre2-dev, libjpeg-dev and libpng-dev")
  endif()
endforeach()
# Machine code for elementwise work.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_path(XBYAK_INCLUDE_DIR xbyak/xbyak.h)
  mark_as_advanced(XBYAK_INCLUDE_DIR)
  if(NOT XBYAK_INCLUDE_DIR)
    message(FATAL_ERROR "Tenon needs Xbyak on this processor: Debian's package is libxbyak-dev")
  endif()
endif()
find_package(ZLIB REQUIRED)

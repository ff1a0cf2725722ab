# What core/io reads and writes checkpoints with. By file, not by package: Debian's packages for CMake
# name their libraries by absolute paths, which aren't those of a prefix that they were unpacked into.
find_path(LEVELDB_INCLUDE_DIR leveldb/table_builder.h)
find_library(LEVELDB_LIBRARY leveldb)
find_path(SNAPPY_INCLUDE_DIR snappy.h)
find_library(SNAPPY_LIBRARY snappy)
find_path(PROTOZERO_INCLUDE_DIR protozero/pbf_reader.hpp)
foreach(name IN ITEMS LEVELDB_INCLUDE_DIR LEVELDB_LIBRARY SNAPPY_INCLUDE_DIR SNAPPY_LIBRARY
                      PROTOZERO_INCLUDE_DIR)
  mark_as_advanced(${name})
  if(NOT ${name})
    message(FATAL_ERROR "Checkpoints need libleveldb, libsnappy and protozero, and ${name} isn't "
            "found; Debian's packages are libleveldb-dev, libsnappy-dev and libprotozero-dev")
  endif()
endforeach()
find_package(ZLIB REQUIRED)

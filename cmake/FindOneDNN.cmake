# Finds oneDNN 2.6 or newer, also under CMAKE_PREFIX_PATH or DNNL_ROOT: OneDNN_FOUND,
# OneDNN_VERSION, OneDNN_LIBRARY, and the target Tenon::dnnl.
#
# Not by oneDNN's own package: Debian's asks for OpenCL headers that it doesn't depend on.
find_path(OneDNN_INCLUDE_DIR oneapi/dnnl/dnnl.hpp HINTS ${DNNL_ROOT} ENV DNNL_ROOT
          PATH_SUFFIXES include)
get_filename_component(prefix "${OneDNN_INCLUDE_DIR}/.." ABSOLUTE)
# The library beside the header, so that both are of one version.
find_library(OneDNN_LIBRARY NAMES dnnl libdnnl.so.3 libdnnl.so.2 NAMES_PER_DIR HINTS ${prefix}
             PATH_SUFFIXES lib lib64)
mark_as_advanced(OneDNN_INCLUDE_DIR OneDNN_LIBRARY)

set(OneDNN_VERSION)
set(reason "oneapi/dnnl/dnnl.hpp or libdnnl not found")
if(OneDNN_INCLUDE_DIR AND OneDNN_LIBRARY)
  file(STRINGS ${OneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h lines REGEX "DNNL_VERSION_[MP]")
  foreach(part IN ITEMS MAJOR MINOR PATCH)
    string(REGEX MATCH "DNNL_VERSION_${part} +([0-9]+)" line "${lines}")
    list(APPEND OneDNN_VERSION ${CMAKE_MATCH_1})
  endforeach()
  list(JOIN OneDNN_VERSION "." OneDNN_VERSION)
  # Its threads are told to be one, which works with OpenMP.
  file(STRINGS ${OneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_config.h runtime
       REGEX "define DNNL_CPU_THREADING_RUNTIME DNNL_RUNTIME_(OMP|SEQ)")
  set(reason "${OneDNN_LIBRARY}, ${OneDNN_VERSION}")
  if(NOT runtime)
    set(reason "${reason}, runs on neither OpenMP nor one thread")
    set(OneDNN_INCLUDE_DIR OneDNN_INCLUDE_DIR-NOTFOUND)
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN REQUIRED_VARS OneDNN_LIBRARY OneDNN_INCLUDE_DIR
                                  VERSION_VAR OneDNN_VERSION REASON_FAILURE_MESSAGE "${reason}")
if(OneDNN_FOUND AND NOT TARGET Tenon::dnnl)
  add_library(Tenon::dnnl SHARED IMPORTED)
  set_target_properties(Tenon::dnnl PROPERTIES IMPORTED_LOCATION ${OneDNN_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${OneDNN_INCLUDE_DIR})
endif()

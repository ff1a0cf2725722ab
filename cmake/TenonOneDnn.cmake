# oneDNN's kernels for CPUs: a module beside our own kernels, opened when it is there and asked where
# it is the faster one. Nothing else links oneDNN.
#
# TENON_WITH_ONEDNN   AUTO: built where oneDNN 2.6 or newer is found; ON: must be; OFF: isn't.
set(TENON_WITH_ONEDNN AUTO CACHE STRING "Build the module of oneDNN: AUTO, ON or OFF")
set_property(CACHE TENON_WITH_ONEDNN PROPERTY STRINGS AUTO ON OFF)

if(NOT TENON_WITH_ONEDNN)
  message(STATUS "oneDNN: not used (TENON_WITH_ONEDNN is OFF)")
elseif(TENON_TSAN)
  message(STATUS "oneDNN: not used (ThreadSanitizer can't read OpenMP)")
else()
  find_package(OneDNN 2.6 MODULE QUIET)
  if(OneDNN_FOUND)
    message(STATUS "oneDNN: ${OneDNN_VERSION}, ${OneDNN_LIBRARY}")
    file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/onednn/*.cc)
    add_library(tenon_onednn MODULE ${files})
    target_link_libraries(tenon_onednn PRIVATE tenon_flags Tenon::dnnl)
    tenon_module(tenon_onednn)
    get_filename_component(folder ${OneDNN_LIBRARY} DIRECTORY)
    set_target_properties(tenon_onednn PROPERTIES INSTALL_RPATH "$ORIGIN;${folder}")
  elseif(TENON_WITH_ONEDNN STREQUAL "AUTO")
    message(STATUS "oneDNN: not used (not found; DNNL_ROOT may say where)")
  else()
    message(FATAL_ERROR "TENON_WITH_ONEDNN is ${TENON_WITH_ONEDNN}, but oneDNN 2.6 or newer wasn't "
            "found; DNNL_ROOT may say where")
  endif()
endif()

# What the folders' CMakeLists.txt say their targets with. Each adds to a global property, which the
# top of the tree puts together: TENON_LAYERS, TENON_MODULES.

# A layer of the library: the files of `folder` that are given. It is a target, so that
# `cmake --build . --target tenon_graph` compiles it by itself; the library takes its objects in.
function(tenon_layer name folder)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/ REGEX "^[^/]+$")
  add_library(tenon_${name} OBJECT ${ARGN})
  target_link_libraries(tenon_${name} PRIVATE tenon_flags)
  target_compile_definitions(tenon_${name} PRIVATE TENON_VERSION="${PROJECT_VERSION}")
  # One precompiled header for all layers that are compiled alike; the kernels have their own.
  if(name STREQUAL "base" OR name STREQUAL "cpu")
    target_precompile_headers(tenon_${name} PRIVATE ${PROJECT_SOURCE_DIR}/core/pch.h)
  else()
    target_precompile_headers(tenon_${name} REUSE_FROM tenon_base)
  endif()
  set_property(GLOBAL APPEND PROPERTY TENON_LAYERS tenon_${name})
endfunction()

# Writes a file that calls register_<stem> of every file in `folder`: nothing registers itself by
# static initialisation, which a static library would drop.
function(tenon_registration output folder header namespace registry function)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cc
       ${PROJECT_SOURCE_DIR}/${folder}/*.cu)
  set(stems)
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    list(APPEND stems ${stem})
  endforeach()
  tenon_registration_of(${output} "the files of ${folder}" ${header} ${namespace} ${registry}
                        ${function} ${stems})
endfunction()

# The same for the stems that are given.
function(tenon_registration_of output origin header namespace registry function)
  set(declarations)
  set(calls)
  foreach(stem IN LISTS ARGN)
    string(APPEND declarations "void register_${stem}(${registry}& registry);\n")
    string(APPEND calls "  register_${stem}(registry);\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"// Written by CMake from @origin@.
#include \"@header@\"

namespace @namespace@ {

@declarations@
void @function@(@registry@& registry);
void @function@([[maybe_unused]] @registry@& registry) {
@calls@}

}  // namespace @namespace@
")
endfunction()

# A library that libtenon opens when it runs. It brings a hidden copy of what it shares with
# libtenon, and exports one function.
function(tenon_module target)
  set(exports ${PROJECT_SOURCE_DIR}/cmake/module_exports.map)
  target_link_libraries(${target} PRIVATE tenon_shared)
  target_link_options(${target} PRIVATE LINKER:--as-needed LINKER:--version-script=${exports})
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")  # the program brings a sanitizer's functions
    target_link_options(${target} PRIVATE LINKER:--no-undefined)
  endif()
  target_compile_definitions(${target} PRIVATE TENON_MODULE_ABI=${TENON_MODULE_ABI})
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${exports} INSTALL_RPATH "$ORIGIN"
                        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# One of Tenon's own modules, installed beside the library and built before the programs.
function(tenon_own_module target)
  tenon_module(${target})
  set_property(GLOBAL APPEND PROPERTY TENON_MODULES ${target})
endfunction()

# Says what was found of the library that a module needs. Where nothing was, ends the file that calls
# it (so it is a macro), or everything if TENON_WITH_<option> is ON; `where` may say where to look.
macro(tenon_need_library option name wanted where found details)
  if(${found})
    message(STATUS "${name}: ${details}")
  elseif(TENON_WITH_${option} STREQUAL "AUTO")
    message(STATUS "${name}: not used (not found; ${where} may say where)")
    return()
  else()
    message(FATAL_ERROR "TENON_WITH_${option} is ${TENON_WITH_${option}}, but ${wanted} wasn't "
            "found; ${where} may say where")
  endif()
endmacro()

# The modules are built before the program that opens them; CUDA's, which takes longest, only where
# there is a GPU. Everything is built by the target `all`.
function(tenon_needs_modules program)
  get_property(modules GLOBAL PROPERTY TENON_MODULES)
  if(NOT TENON_GPUS)
    list(REMOVE_ITEM modules tenon_cuda)
  endif()
  if(modules)
    add_dependencies(${program} ${modules})
  endif()
endfunction()

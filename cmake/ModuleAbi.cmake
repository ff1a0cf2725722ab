# The number that says what a module and libtenon share: a hash of those headers.
#
# Also a script that prints it: cmake -P cmake/ModuleAbi.cmake
get_filename_component(TENON_ABI_ROOT ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)

function(tenon_module_abi output)
  file(GLOB headers ${TENON_ABI_ROOT}/core/base/*.h ${TENON_ABI_ROOT}/core/tensor/*.h
       ${TENON_ABI_ROOT}/core/backend/*.h ${TENON_ABI_ROOT}/core/kernels/*.h)
  foreach(name device dtype error inline_vector shape tensor)
    list(APPEND headers ${TENON_ABI_ROOT}/core/include/tenon/${name}.h)
  endforeach()
  list(SORT headers)
  set(all)
  foreach(header IN LISTS headers)
    file(SHA256 ${header} hash)
    string(APPEND all ${hash})
  endforeach()
  string(SHA256 all "${all}")
  string(SUBSTRING ${all} 0 16 number)
  set(${output} 0x${number}u PARENT_SCOPE)
  if(NOT CMAKE_SCRIPT_MODE_FILE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})
  endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  tenon_module_abi(number)
  message("${number}")
endif()

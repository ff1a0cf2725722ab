# What the tests of modules open: modules, libraries and drivers that are none, and a program.
set(folder ${PROJECT_SOURCE_DIR}/tests/modules/parts)
set(output ${PROJECT_BINARY_DIR}/tests/modules)

function(tenon_test_library name kind source)
  add_library(${name} ${kind} ${folder}/${source})
  target_compile_options(${name} PRIVATE ${TENON_WARNINGS})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${output}
                        POSITION_INDEPENDENT_CODE ON)
  add_dependencies(test_modules ${name})
endfunction()

function(tenon_test_module name)
  tenon_test_library(${name} MODULE fake_module.cc)
  target_compile_definitions(${name} PRIVATE ${ARGN})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}
                             ${PROJECT_SOURCE_DIR}/core/include)
  tenon_module(${name})
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${output})
endfunction()

function(tenon_test_driver name)
  tenon_test_library(${name} SHARED fake_driver.cc)
  target_compile_definitions(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME cuda SUFFIX .so.1
                        LIBRARY_OUTPUT_DIRECTORY ${output}/${name})
endfunction()

tenon_test_library(library_of_a_module SHARED library.cc)
tenon_test_module(module_that_works)
tenon_test_module(module_for_other_headers FOR_OTHER_HEADERS)
tenon_test_module(module_that_refuses REFUSES)
tenon_test_module(module_that_needs_a_library NEEDS_A_LIBRARY)
target_link_libraries(module_that_needs_a_library PRIVATE library_of_a_module)
# It isn't told where that library is.
set_target_properties(module_that_needs_a_library PROPERTIES SKIP_BUILD_RPATH ON)

tenon_test_driver(failing_driver)
tenon_test_driver(idle_driver DEVICES=0)
tenon_test_driver(driver DEVICES=1)
tenon_test_driver(old_driver DEVICES=1 VERSION=11040)

add_executable(test_report ${folder}/report.cc)
target_compile_options(test_report PRIVATE ${TENON_WARNINGS})
target_link_libraries(test_report PRIVATE Tenon::tenon)
set_target_properties(test_report PROPERTIES OUTPUT_NAME report RUNTIME_OUTPUT_DIRECTORY ${output})
add_dependencies(test_modules test_report)
if(TARGET tenon_cuda)
  target_compile_definitions(test_modules PRIVATE TENON_CUDA_MODULE="$<TARGET_FILE:tenon_cuda>")
  add_dependencies(test_modules tenon_cuda)
endif()

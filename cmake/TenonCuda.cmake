# Looks for what the CUDA backend (cuda/) is built from, and says in TENON_CUDA_FOUND whether it can be.
#
# TENON_WITH_CUDA   AUTO: built where nvcc, cuDNN and cuBLASLt are found; ON: must be; OFF: isn't.
# CMAKE_CUDA_ARCHITECTURES   unless set: this machine's GPU where there is one, else 75 (code for
#                   compute capability 7.5 and PTX, which any later card compiles when first used).

set(TENON_WITH_CUDA AUTO CACHE STRING "Build the CUDA backend: AUTO, ON or OFF")
set_property(CACHE TENON_WITH_CUDA PROPERTY STRINGS AUTO ON OFF)
set(TENON_CUDA_FOUND FALSE)
# In a container the only GPU may be called /dev/nvidia5.
file(GLOB TENON_GPUS /dev/nvidia[0-9]*)

# Says why there is no CUDA backend; stops where there must be one.
function(tenon_without_cuda reason)
  if(TENON_WITH_CUDA STREQUAL "AUTO")
    message(STATUS "CUDA backend: not built (${reason})")
  else()
    message(FATAL_ERROR "TENON_WITH_CUDA is ${TENON_WITH_CUDA}, but ${reason}")
  endif()
endfunction()

macro(tenon_enable_cuda)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES AND NOT DEFINED ENV{CUDAARCHS})
    if(TENON_GPUS AND CMAKE_VERSION VERSION_GREATER_EQUAL 3.24)
      set(CMAKE_CUDA_ARCHITECTURES native)
    else()
      set(CMAKE_CUDA_ARCHITECTURES 75)
    endif()
  endif()
  if(TENON_CCACHE AND NOT CMAKE_CUDA_COMPILER_LAUNCHER)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${TENON_CCACHE})
  endif()
  enable_language(CUDA)
  find_package(CUDAToolkit)
  find_package(TenonNV)
endmacro()

if(NOT TENON_WITH_CUDA)
  message(STATUS "CUDA backend: not built (TENON_WITH_CUDA is OFF)")
else()
  find_program(TENON_NVCC nvcc HINTS ${CUDAToolkit_ROOT} $ENV{CUDAToolkit_ROOT} $ENV{CUDA_HOME}
               $ENV{CUDA_PATH} /usr/local/cuda PATH_SUFFIXES bin)
  mark_as_advanced(TENON_NVCC)
  if(TENON_NVCC AND NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    set(CMAKE_CUDA_COMPILER ${TENON_NVCC})
  endif()
  if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    tenon_without_cuda("there is no nvcc")
  else()
    tenon_enable_cuda()
    if(NOT CUDAToolkit_FOUND OR NOT TARGET CUDA::cudart_static)
      tenon_without_cuda("the toolkit of ${CMAKE_CUDA_COMPILER} has no static runtime")
    elseif(NOT TenonNV_FOUND)
      tenon_without_cuda("cuDNN or cuBLASLt wasn't found; CUDNN_ROOT and CUBLASLT_ROOT may say where")
    else()
      set(TENON_CUDA_FOUND TRUE)
      message(STATUS "CUDA backend: nvcc ${CMAKE_CUDA_COMPILER_VERSION}, architectures "
              "${CMAKE_CUDA_ARCHITECTURES}, ${TENON_CUDNN_LIBRARY}, ${TENON_CUBLASLT_LIBRARY}")
    endif()
  endif()
endif()

set(TENON_CUDA_WARNINGS)
foreach(option IN LISTS TENON_WARNINGS)
  # nvcc's own output for the host compiler isn't pedantic C++.
  if(NOT option STREQUAL "-Wpedantic")
    list(APPEND TENON_CUDA_WARNINGS -Xcompiler=${option})
  endif()
endforeach()
if(TENON_WARNINGS_AS_ERRORS)
  list(APPEND TENON_CUDA_WARNINGS -Werror=all-warnings)
endif()

# Finds NVIDIA's libraries: cuDNN and cuBLASLt, as Tenon::cudnn and Tenon::cublasLt.
#
# A library is looked for where <NAME>_ROOT says (variable, then environment), in the CUDA toolkit, in
# the system's folders, and in the `nvidia` packages of the python3 on PATH. The header decides: the
# library is taken from beside it, so that both are of one version.

# Where python3's packages keep NVIDIA's files. Namespace packages may have several folders.
function(tenon_python_hints output)
  find_program(TENON_PYTHON python3)
  mark_as_advanced(TENON_PYTHON)
  set(hints)
  if(TENON_PYTHON)
    execute_process(COMMAND ${TENON_PYTHON} -c "
import importlib.util, sysconfig
spec = importlib.util.find_spec('nvidia')
folders = list(spec.submodule_search_locations) if spec and spec.submodule_search_locations else []
paths = sysconfig.get_paths()
print(';'.join(folders + [paths['purelib'], paths['platlib']]))"
      OUTPUT_VARIABLE folders OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    foreach(folder IN LISTS folders)
      foreach(package "" cudnn cublas cuda_nvrtc cuda_runtime cu13 cu12)
        list(APPEND hints "${folder}/${package}")
      endforeach()
    endforeach()
  endif()
  set(${output} ${hints} PARENT_SCOPE)
endfunction()

# Makes the target Tenon::<name> where header and library are found; sets TENON_<NAME>_LIBRARY.
function(tenon_find_nvidia name header libraries)
  string(TOUPPER ${name} upper)
  set(roots ${${upper}_ROOT} $ENV{${upper}_ROOT})
  set(folders ${roots} ${CUDAToolkit_TARGET_DIR} ${CUDAToolkit_LIBRARY_ROOT})
  tenon_python_hints(python)
  find_path(TENON_${upper}_INCLUDE ${header} HINTS ${folders}
            PATH_SUFFIXES include include/x86_64-linux-gnu include/aarch64-linux-gnu)
  find_path(TENON_${upper}_INCLUDE ${header} PATHS ${python} PATH_SUFFIXES include NO_DEFAULT_PATH)
  if(TENON_${upper}_INCLUDE)
    set(suffixes lib lib64 lib/x86_64-linux-gnu lib/aarch64-linux-gnu)
    # Beside the header; wheels have no name without a version.
    get_filename_component(base "${TENON_${upper}_INCLUDE}/.." ABSOLUTE)
    get_filename_component(above "${base}/.." ABSOLUTE)
    find_library(TENON_${upper}_LIBRARY NAMES ${libraries} NAMES_PER_DIR PATHS ${base} ${above}
                 PATH_SUFFIXES ${suffixes} NO_DEFAULT_PATH)
    find_library(TENON_${upper}_LIBRARY NAMES ${libraries} NAMES_PER_DIR HINTS ${folders}
                 PATHS ${python} PATH_SUFFIXES ${suffixes})
  endif()
  mark_as_advanced(TENON_${upper}_INCLUDE TENON_${upper}_LIBRARY)
  if(TENON_${upper}_INCLUDE AND TENON_${upper}_LIBRARY AND NOT TARGET Tenon::${name})
    add_library(Tenon::${name} SHARED IMPORTED)
    set_target_properties(Tenon::${name} PROPERTIES
                          IMPORTED_LOCATION "${TENON_${upper}_LIBRARY}"
                          INTERFACE_INCLUDE_DIRECTORIES "${TENON_${upper}_INCLUDE}")
  endif()
endfunction()

tenon_find_nvidia(cudnn cudnn.h "cudnn;libcudnn.so.9")
tenon_find_nvidia(cublasLt cublasLt.h "cublasLt;libcublasLt.so.13;libcublasLt.so.12")

include(FindPackageHandleStandardArgs)
set(FPHSA_NAME_MISMATCHED ON)
find_package_handle_standard_args(TenonNV REQUIRED_VARS TENON_CUDNN_INCLUDE TENON_CUDNN_LIBRARY
                                  TENON_CUBLASLT_INCLUDE TENON_CUBLASLT_LIBRARY)

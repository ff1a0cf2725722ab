# Writes a source in which headers stand as text, for NVRTC (cuda/generated_headers.h):
#   tenon_generated_headers(OUTPUT NAME FILE [NAME FILE ...])
# each NAME as it is included, FILE below the project's folder, or "" for an empty header.
function(tenon_generated_headers output)
  set(entries "")
  while(ARGN)
    list(POP_FRONT ARGN name file)
    set(text "")
    if(file)
      file(READ ${PROJECT_SOURCE_DIR}/${file} text)
      set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
    endif()
    string(APPEND entries "    {\"${name}\", R\"tenon(${text})tenon\"},\n")
  endwhile()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"#include \"cuda/generated_headers.h\"

namespace tenon::cuda {

const GeneratedHeader kGeneratedHeaders[] = {
@entries@};

}  // namespace tenon::cuda
")
endfunction()

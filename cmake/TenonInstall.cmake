# find_package(Tenon) finds what is installed wherever it is moved to; Tenon::tenon is the library.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Tenon)
get_property(modules GLOBAL PROPERTY TENON_MODULES)
install(TARGETS tenon EXPORT TenonTargets)
if(modules)
  install(TARGETS ${modules} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY core/include/tenon cuda/include/tenon TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(EXPORT TenonTargets NAMESPACE Tenon:: DESTINATION ${package})
configure_package_config_file(cmake/TenonConfig.cmake.in ${generated}/TenonConfig.cmake
                              INSTALL_DESTINATION ${package}
                              NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${generated}/TenonConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/TenonConfig.cmake ${generated}/TenonConfigVersion.cmake
        DESTINATION ${package})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/tenon)

# prelude_library(NAME SOURCES ... LINK ...): one of the house's libraries, with the house's flags.
function(prelude_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_LINK} PRIVATE prelude_warnings)
endfunction()

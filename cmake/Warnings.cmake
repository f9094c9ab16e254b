# Warnings and sanitizers for our own code; third-party headers are SYSTEM.
add_library(prelude_warnings INTERFACE)
target_compile_options(prelude_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wconversion;-Wsign-conversion;-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps and overflows that are not there in inlined std::string code (GCC bugs 105329, 105651).
  target_compile_options(prelude_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict;-Wno-stringop-overflow>)
endif()
if(PRELUDE_SANITIZE)
  target_compile_options(prelude_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-sanitize-recover=undefined;-fno-omit-frame-pointer>)
  target_link_options(prelude_warnings INTERFACE -fsanitize=address,undefined)
endif()

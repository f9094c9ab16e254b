# Warnings and sanitizers for our own code; third-party headers are SYSTEM.
add_library(prelude_warnings INTERFACE)
target_compile_options(prelude_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wconversion;-Wsign-conversion;-Werror>)
if(PRELUDE_SANITIZE)
  target_compile_options(prelude_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-sanitize-recover=undefined;-fno-omit-frame-pointer>)
  target_link_options(prelude_warnings INTERFACE -fsanitize=address,undefined)
endif()

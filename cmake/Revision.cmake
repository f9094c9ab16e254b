# Run at build time: writes OUTPUT with the git revision of SOURCE, touching it only when the text changes.
set(revision unknown)
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed ERROR_QUIET)
if(NOT failed)
  set(revision ${head})
  execute_process(COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changes RESULT_VARIABLE failed ERROR_QUIET)
  if(changes OR failed)
    string(APPEND revision "-dirty")
  endif()
endif()
set(text "#pragma once\n#define PRELUDE_VERSION \"${VERSION}\"\n#define PRELUDE_REVISION \"${revision}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE ${OUTPUT} "${text}")
endif()

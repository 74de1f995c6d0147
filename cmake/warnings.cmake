# One interface target carries warnings, hardening and sanitizer flags for our own code (never for grammars).
add_library(selfheal_warnings INTERFACE)
target_compile_options(selfheal_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wcast-qual
  -Wwrite-strings -Wundef -Wformat=2 -Wvla -Wimplicit-fallthrough -Wnull-dereference
  -Wno-missing-field-initializers -Wno-unused-parameter
  -include ${CMAKE_SOURCE_DIR}/src/base/banned.h -fno-common -fstack-protector-strong
  $<$<BOOL:${SELFHEAL_WERROR}>:-Werror>)
target_compile_definitions(selfheal_warnings INTERFACE _GNU_SOURCE)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(selfheal_warnings INTERFACE _FORTIFY_SOURCE=2)
  # The same binary wherever it is built.
  target_compile_options(selfheal_warnings INTERFACE -fPIE -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)
  target_link_options(selfheal_warnings INTERFACE -pie -Wl,-z,relro,-z,now -Wl,--as-needed)
endif()
set(SELFHEAL_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")
if(SELFHEAL_SANITIZE)
  add_compile_options(-fsanitize=${SELFHEAL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SELFHEAL_SANITIZE})
endif()
if(SELFHEAL_FUZZ)
  # Our own code tells the fuzzer where it went; only the targets have its main().
  target_compile_options(selfheal_warnings INTERFACE -fsanitize=fuzzer-no-link)
endif()
option(SELFHEAL_COVERAGE "Instrument for gcov" OFF)
if(SELFHEAL_COVERAGE)
  target_compile_options(selfheal_warnings INTERFACE --coverage)
  target_link_options(selfheal_warnings INTERFACE --coverage)
endif()

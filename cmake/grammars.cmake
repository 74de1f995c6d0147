# tree-sitter's runtime and grammars: C sources out of npm packages pinned by package-lock.json.
set(npm ${CMAKE_SOURCE_DIR}/node_modules)
if(NOT EXISTS ${npm}/tree-sitter/vendor/tree-sitter/lib/src/lib.c)
  message(FATAL_ERROR "no grammars: run 'npm ci --ignore-scripts' in ${CMAKE_SOURCE_DIR}")
endif()
add_library(grammars STATIC ${npm}/tree-sitter/vendor/tree-sitter/lib/src/lib.c)
foreach(language python c cpp)
  target_sources(grammars PRIVATE ${npm}/tree-sitter-${language}/src/parser.c)
  set_source_files_properties(${npm}/tree-sitter-${language}/src/parser.c
    PROPERTIES INCLUDE_DIRECTORIES ${npm}/tree-sitter-${language}/src)
  if(EXISTS ${npm}/tree-sitter-${language}/src/scanner.c)
    target_sources(grammars PRIVATE ${npm}/tree-sitter-${language}/src/scanner.c)
    set_source_files_properties(${npm}/tree-sitter-${language}/src/scanner.c
      PROPERTIES INCLUDE_DIRECTORIES ${npm}/tree-sitter-${language}/src)
  endif()
endforeach()
target_include_directories(grammars SYSTEM PUBLIC ${npm}/tree-sitter/vendor/tree-sitter/lib/include
  PRIVATE ${npm}/tree-sitter/vendor/tree-sitter/lib/src)
# The parser tables are data: optimised once, never instrumented for coverage or warnings.
target_compile_options(grammars PRIVATE -w -O2 -fPIC)

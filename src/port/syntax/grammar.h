/* grammar: the tree-sitter grammar behind a language. Layer: port/syntax, private to the folder. */
#pragma once

#include "port/syntax/syntax.h"

const struct TSLanguage *syntax_grammar(const struct syntax_language *language);

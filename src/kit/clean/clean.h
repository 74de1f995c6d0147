/* clean: text of outsiders made fit for where it is shown.
 * Layer: kit. Test output, file names and code may hold escape sequences for terminals, commands
 * for GitHub's runner and markup; none of them may act. Pure. */
#pragma once

#include "base/buf.h"

/* For a terminal: control characters but newline and tab, and the marks that turn the direction of
 * text, become U+FFFD. Bytes that are not UTF-8 stay as they are. */
void clean_terminal(struct buf *out, struct str text);
/* The same on one line: newlines and tabs become a space, runs of spaces one. At most max bytes,
 * then "..." (max 0: no limit). */
void clean_line(struct buf *out, struct str text, size_t max);

/* A code span of Markdown, on one line, whatever backticks the text holds. */
void clean_md_code(struct buf *out, struct str text);
/* A fenced block whose fence is longer than any in the text. */
void clean_md_fence(struct buf *out, const char *language, struct str text);
/* Running text of Markdown: what would be markup, HTML or a mention is escaped; one line. */
void clean_md_text(struct buf *out, struct str text);

/* Under GitHub Actions every line that a program prints may be a command ("::name::", and
 * "##[name]" anywhere in it). Breaks them up. json: the text is a JSON document and stays one. */
void clean_workflow(struct buf *out, struct str text, bool json);
/* The data of a workflow command, and the value of one of its properties. */
void clean_workflow_data(struct buf *out, struct str text);
void clean_workflow_property(struct buf *out, struct str text);

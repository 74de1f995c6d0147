/* help: what the tables say, as a help text, a man page, a shell's completion.
 * Layer: app. Pure: writes into a buffer. */
#pragma once

struct buf;
struct cmd;

/* All commands, one line each. */
void help_overview(struct buf *out);
void help_command(struct buf *out, const struct cmd *cmd);
/* The whole of selfheal(1) in man(7) macros. */
void help_man(struct buf *out);

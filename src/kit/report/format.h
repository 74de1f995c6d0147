/* format: what reads one format, and the hand it gets to report with.
 * Layer: kit, inside report/. A format is a state machine fed with clean lines. While idle it sees
 * only lines that hold one of its literals; from a line whose answer is true on it sees every line
 * until it answers false. Nothing a state keeps may grow with the text: strings that must outlive
 * a line go to out->scratch, which is emptied whenever the format goes idle. */
#pragma once

#include "kit/report/lines.h"
#include "model/failure.h"

enum {
	REPORT_MESSAGE_BYTES = 16 << 10, /* kept of one message */
	REPORT_BLOCK_BYTES = 256 << 10,  /* scratch of one block; beyond it lines add nothing */
};

/* What a reported thing says about others; a smaller role owns what it encloses. */
enum report_role {
	ROLE_SUITE,  /* runs whole programs as its tests: ctest, meson */
	ROLE_RUNNER, /* names tests: owns the lines between a failure's first and last */
	ROLE_DETAIL, /* what went wrong, where: diagnostics, assertions, sanitizers, signals */
	ROLE_SIGNAL, /* a sign of trouble around: counts when no test failed */
	ROLE_TRACE,  /* a traceback, which programs print also for what they handled */
	ROLE_RESULT, /* only that something before it failed: make, the linker driver */
	ROLE_GUESS,  /* what has the look of a finding: counts where nothing better was found */
};

struct report;
struct matcher;
struct matcher_set;

/* A format's hand. */
struct report_out {
	struct report *report;
	const struct report_format *format;
	struct arena scratch;
	bool open;
	struct test_counts counts; /* -1 until out_count() */
	bool suite_counts;         /* they count whole programs: those of runners inside give way */
};

struct report_format {
	const char *name;
	/* NULL-terminated; "\n..." only at the start of a line. NULL: those of the matchers. */
	const char *const *literals;
	size_t state_size; /* zeroed memory, given as state */
	/* One line; whether the next ones are wanted whatever they hold. */
	bool (*line)(void *state, struct report_out *out, const struct report_line *line);
	/* The input ended; may be NULL. */
	void (*end)(void *state, struct report_out *out);
	const void *data; /* of formats that share their code: what tells them apart */
};

/* The table, and its length. */
extern const struct report_format *const report_formats[];
extern const size_t report_format_count;

/* A place in the report; -1 is none. */
typedef long report_ref;

/* Takes a copy of f (strings, frames) in, its lines being [first, last]; the same thing said
 * twice is one. */
report_ref out_emit(struct report_out *out, const struct failure *f, enum report_role role,
	int first, int last);
/* The next thing that this format reported behind ref (-1: the first), or -1. */
report_ref out_next(struct report_out *out, report_ref ref);
/* The last thing that this format reported with that id (not empty), or -1. */
report_ref out_find(struct report_out *out, struct str id);
/* out_find() finds it by that id, too (unless it finds another). */
void out_alias(struct report_out *out, report_ref ref, struct str id);
/* To add to what was emitted: its strings must come from out_keep(). NULL for -1. */
struct failure *out_at(struct report_out *out, report_ref ref);
/* Copies frames into a reported failure (which must have none). */
void out_set_frames(struct report_out *out, report_ref ref, const struct failure *from);
/* It was no failure after all. */
void out_drop(struct report_out *out, report_ref ref);
/* Its lines are these; more lines belong to it. */
void out_move(struct report_out *out, report_ref ref, int first, int last);
void out_extend(struct report_out *out, report_ref ref, int line);
/* ... and so do these, if they follow its lines closely. */
void out_follow(struct report_out *out, report_ref ref, int first, int last);
/* A copy that lives as long as the failures, cut at REPORT_MESSAGE_BYTES. */
struct str out_keep(struct report_out *out, struct str s);
/* A copy until the format goes idle; "" once the block's scratch is used up. */
struct str out_scratch(struct report_out *out, struct str s);
/* base, a line feed, s; from scratch. */
struct str out_join(struct report_out *out, struct str base, struct str s);
/* What the text is called; may be empty. */
struct str out_source(const struct report_out *out);
/* The shapes of templates/matchers/. */
struct matcher_set *out_matchers(struct report_out *out);
/* Whether that one is asked for. */
bool out_wants(const struct report_out *out, const struct matcher *m);
/* Empties the scratch before the format goes idle: when one block ends and the next may begin. */
void out_reset(struct report_out *out);
/* Tests ran in these lines: tracebacks there that no failing test owns were handled. */
void out_session(struct report_out *out, int first, int last);
/* The log names the project's folder (the first one counts). */
void out_root(struct report_out *out, struct str path);
/* Text that a document holds: lines for the formats as if they stood at that line. */
void report_take_text(struct report *report, struct str text, int number);
/* Adds n (>= 0) to one of the counts. */
void out_count(int *count, int n);

extern const struct report_format format_pytest, format_unittest, format_python, format_ctest,
	format_meson, format_automake, format_gtest, format_cmocka, format_check, format_sanitizer,
	format_matchers, format_gcc, format_linker, format_cmake, format_assert, format_make,
	format_shell;

extern const struct report_format format_gotest, format_tap, format_jest, format_vitest,
	format_mocha, format_node, format_cargo, format_nextest, format_jasmine, format_surefire,
	format_gradle, format_ant, format_junit_text, format_junit_launcher, format_rspec,
	format_minitest, format_testunit, format_cucumber, format_phpunit, format_testdox,
	format_pest, format_catch2, format_doctest, format_boost, format_cpputest, format_qttest,
	format_xctest, format_dotnet, format_exunit, format_scala, format_clojure, format_dart,
	format_tasty, format_testthat, format_busted, format_erlang, format_playwright,
	format_karma, format_ava, format_bats, format_sympy, format_prove, format_unity,
	format_criterion, format_c_munit, format_greatest, format_cppunit, format_phpt;

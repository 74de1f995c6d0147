/* signals: lines that tell of trouble around the project, wherever they stand. They count when no
 * test failed; their kind comes from the rules of kit/fingerprint/taxonomy.c. */
#include "kit/fingerprint/taxonomy.h"
#include "kit/report/format.h"

static bool signals_line(void *state, struct report_out *out, const struct report_line *line)
{
	struct failure f = {.kind = FAILURE_INFRASTRUCTURE,
		.type = STR("environment"),
		.message = str_trim(line->text),
		.duration_s = -1};

	(void)state;
	/* A warning about something that was tried again. */
	if (str_starts(f.message, "WARNING: ") || str_starts(f.message, "warning: ") ||
		str_starts(f.message, "W: "))
		return false;
	out_emit(out, &f, ROLE_SIGNAL, line->number, line->number);
	return false;
}

const struct report_format format_signals = {
	.name = "signals",
	.literals = (const char *const[]){"No space left on device", "Disk quota exceeded",
		"Temporary failure in name resolution", "Temporary failure resolving",
		"Could not resolve host", "Name or service not known", "Network is unreachable",
		"Connection timed out", "Connection refused", "Connection reset by peer",
		"certificate verify failed", "certificate has expired", "rate limit exceeded",
		"429 Too Many Requests", "503 Service Unavailable", "Cannot allocate memory",
		"Out of memory: Killed process", "virtual memory exhausted",
		"The runner has received a shutdown signal", "lost communication with the server",
		"The operation was canceled", "fatal: unable to access ",
		"fatal: Could not read from remote", NULL},
	.line = signals_line,
};

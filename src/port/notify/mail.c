#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/mman.h>

#include "port/child/child.h"
#include "port/http/mail.h"
#include "port/notify/notify.h"

enum { ADDRESS_BYTES = 254, PROGRAM_TIMEOUT_MS = 30000 };

/* A mail address as it may stand in a header and after RCPT TO: no quoting, no comments. */
static bool is_mail_address(struct str s)
{
	struct str rest = s, local;

	if (s.n > ADDRESS_BYTES || !str_cut(&rest, "@", &local) || !local.n || !rest.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!isalnum((unsigned char)s.p[i]) && !strchr("@.!#$%&'*+/=?^_{|}~-", s.p[i]))
			return false;
	return str_find_char(rest, '@') < 0 && s.p[0] != '-';
}

static int bad(struct err *err, const char *what)
{
	return err_set(err, ERR_CONFIG,
		"%s; it is smtps://USER:PASSWORD@HOST:PORT/?from=ADDRESS&to=ADDRESS,ADDRESS or "
		"sendmail:/PATH?from=ADDRESS&to=ADDRESS",
		what);
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static const char *decoded(struct str s, struct arena *mem)
{
	char *out = arena_strndup(mem, s.p, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool coded = s.p[i] == '%' && i + 2 < s.n && hex_of(s.p[i + 1]) >= 0 &&
			     hex_of(s.p[i + 2]) >= 0;
		out[n++] = coded ? (char)(hex_of(s.p[i + 1]) << 4 | hex_of(s.p[i + 2])) : s.p[i];
		i += coded ? 2 : 0;
	}
	out[n] = '\0';
	return out;
}

static int read_recipients(struct notify_mail *out, struct str list, struct err *err)
{
	struct str one;

	while (str_next(&list, ',', &one)) {
		if (!is_mail_address(one))
			return bad(err, "a recipient of mail is no address");
		if (out->n_to == NOTIFY_RECIPIENTS_MAX)
			return bad(err, "there are too many recipients of mail");
		out->to[out->n_to++] = one;
	}
	return 0;
}

static int read_query(struct notify_mail *out, struct str query, struct err *err)
{
	struct str member, name;

	while (str_next(&query, '&', &member)) {
		if (!str_cut(&member, "=", &name))
			return bad(err, "the address of mail cannot be read");
		if (str_eq_c(name, "from"))
			out->from = member;
		else if (!str_eq_c(name, "to"))
			return bad(err, "the address of mail has a member that is not known");
		else if (read_recipients(out, member, err) < 0)
			return -1;
	}
	if (!is_mail_address(out->from))
		return bad(err, "the sender of mail is no address");
	return out->n_to ? 0 : bad(err, "the address of mail names no recipient");
}

static int read_host(struct notify_mail *out, const char *scheme, struct str rest,
	struct arena *mem, struct err *err)
{
	struct str host = rest, user = STR_NULL, password;
	ptrdiff_t at = str_rfind_char(rest, '@');

	if (at >= 0) {
		user = str_slice(rest, 0, (size_t)at);
		host = str_from(rest, (size_t)at + 1);
	}
	while (str_ends(host, "/"))
		host.n--;
	if (!host.n || str_find_char(host, '/') >= 0)
		return bad(err, "the address of mail names no host");
	out->url = arena_printf(mem, "%s%.*s", scheme, STR_ARGS(host)).p;
	if (!user.n)
		return 0;
	password = user;
	if (!str_cut(&password, ":", &user))
		password = STR_NULL;
	out->user = decoded(user, mem);
	out->password = decoded(password, mem);
	return 0;
}

int notify_mail_read(struct notify_mail *out, struct str text, struct arena *mem, struct err *err)
{
	struct str query = arena_str(mem, text), place;

	*out = (struct notify_mail){0};
	if (!str_cut(&query, "?", &place))
		return bad(err, "the address of mail has no sender and no recipients");
	if (read_query(out, query, err) < 0)
		return -1;
	if (str_skip(&place, "sendmail:")) {
		out->program = arena_cstr(mem, place);
		return *out->program == '/' ? 0 : bad(err, "sendmail needs its absolute path");
	}
	if (str_skip(&place, "smtps://"))
		return read_host(out, "smtps://", place, mem, err);
	if (str_skip(&place, "smtp://"))
		return read_host(out, "smtp://", place, mem, err);
	return bad(err, "the address of mail is of no kind that is known");
}

static int open_text(struct str text)
{
	int fd = memfd_create("mail", MFD_CLOEXEC);

	for (struct str rest = text; fd >= 0 && rest.n;) {
		ssize_t n = write(fd, rest.p, rest.n);
		if (n <= 0) {
			close_fd(fd);
			return -1;
		}
		rest = str_from(rest, (size_t)n);
	}
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_SET);
	return fd;
}

/* As every sendmail takes it: the recipients are read from the message, a lone dot ends nothing.
 * Line ends are the system's. */
static int by_program(const char *program, struct str text, struct err *err)
{
	const char *const argv[] = {program, "-t", "-i", NULL};
	const char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	BUF_AUTO plain = BUF_INIT(text.n + 1);
	CLEANUP(fd_closep) int fd = -1;
	CHILD_RESULT_AUTO result;
	struct str line;

	child_result_init(&result);
	while (str_next_line(&text, &line)) {
		buf_str(&plain, line);
		buf_char(&plain, '\n');
	}
	fd = open_text(buf_view(&plain));
	if (fd < 0)
		return err_set(err, ERR_SYS, "cannot hold the mail in memory");
	if (child_run(&result,
		    &(struct child_options){.argv = argv,
			    .env = env,
			    .cwd = "/",
			    .timeout_ms = PROGRAM_TIMEOUT_MS,
			    .stdin_fd = fd},
		    err) < 0)
		return -1;
	if (result.timed_out)
		return err_set(err, ERR_TIMEOUT, "'%s' did not end", program);
	if (result.exit_code)
		return err_set(err, ERR_CONFIG, "'%s' ended with %d", program, result.exit_code);
	return 0;
}

int notify_mail(struct http *h, const struct notify_mail *to, struct str text, struct err *err)
{
	if (to->program)
		return by_program(to->program, text, err);
	return mail_send(h,
		&(struct mail){.url = to->url,
			.user = to->user,
			.password = to->password,
			.from = to->from,
			.to = to->to,
			.n_to = to->n_to,
			.text = text},
		err);
}

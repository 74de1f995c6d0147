#include "kit/report/scan.h"

#include "base/cleanup.h"

bool scan_location(struct str *s, struct location *out)
{
	struct str rest = *s;
	size_t from =
		rest.n > 2 && rest.p[1] == ':' && (rest.p[2] == '\\' || rest.p[2] == '/') ? 2 : 0;

	for (size_t i = from; i < rest.n; i++) {
		struct str number;
		struct location found = {.path = str_slice(rest, 0, i)};

		if (rest.p[i] != ':' || i == 0)
			continue;
		number = str_from(rest, i + 1);
		if (!str_take_int(&number, &found.line) || !str_skip(&number, ":"))
			continue;
		*s = number;
		if (str_take_int(&number, &found.column) && str_skip(&number, ":"))
			*s = number;
		else
			found.column = 0;
		*out = found;
		return true;
	}
	return false;
}

struct str scan_until(struct str s, const char *sep)
{
	ptrdiff_t at = str_find_c(s, sep);

	return at < 0 ? s : str_slice(s, 0, (size_t)at);
}

bool scan_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.';
}

struct str scan_word(struct str *s)
{
	size_t n = 0;
	struct str word;

	while (n < s->n && scan_is_word(s->p[n]))
		n++;
	word = str_slice(*s, 0, n);
	*s = str_from(*s, n);
	return word;
}

bool scan_count(struct str s, const char *what, int *out)
{
	ptrdiff_t at = str_find_c(s, what);
	size_t from = at < 0 ? 0 : (size_t)at;

	while (from > 0 && s.p[from - 1] >= '0' && s.p[from - 1] <= '9')
		from--;
	return at >= 0 && str_to_int(str_slice(s, from, (size_t)at), 0, INT32_MAX, out);
}

bool scan_is_rule(struct str s, char c, size_t least)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != c)
			return false;
	return s.n >= least;
}

struct str scan_banner(struct str s, char c)
{
	size_t from = 0, to = s.n;

	while (from < to && s.p[from] == c)
		from++;
	while (to > from && s.p[to - 1] == c)
		to--;
	if (from == 0 || from == to || s.p[from] != ' ' || s.p[to - 1] != ' ')
		return STR_NULL;
	return str_trim(str_slice(s, from, to));
}

static size_t skip_quoted(struct str s, size_t at)
{
	char quote = s.p[at++];

	while (at < s.n && s.p[at] != quote)
		at += s.p[at] == '\\' ? 2 : 1;
	return at;
}

ptrdiff_t scan_top_level(struct str s, const char *needle)
{
	int depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (depth == 0 && str_starts(str_from(s, i), needle))
			return (ptrdiff_t)i;
		if (c == '\'' || c == '"')
			i = skip_quoted(s, i);
		else if (strchr("([{", c))
			depth++;
		else if (strchr(")]}", c))
			depth--;
	}
	return -1;
}

struct str scan_language(struct str path)
{
	static const struct {
		const char *extensions, *language;
	} table[] = {
		{".c .h .i .s .S .y .l", "c"},
		{".cpp .cc .cxx .c++ .C .hpp .hh .hxx .h++ .ipp .tcc .inl", "cpp"},
		{".py .pyi .pyx", "python"},
		{".js .mjs .cjs .jsx", "javascript"},
		{".ts .tsx .mts .cts", "typescript"},
		{".go", "go"},
		{".rs", "rust"},
		{".java", "java"},
		{".f .f90 .f95 .F .F90", "fortran"},
		{".m .mm", "objc"},
		{".cu .cuh", "cuda"},
		{".cs", "csharp"},
		{".fs .fsx", "fsharp"},
		{".vb", "vb"},
		{".kt .kts", "kotlin"},
		{".scala .sc", "scala"},
		{".groovy", "groovy"},
		{".swift", "swift"},
		{".rb .rake .gemspec", "ruby"},
		{".php", "php"},
		{".pl .pm .t", "perl"},
		{".ex .exs", "elixir"},
		{".erl .hrl", "erlang"},
		{".hs .lhs", "haskell"},
		{".ml .mli", "ocaml"},
		{".dart", "dart"},
		{".lua", "lua"},
		{".sh .bash", "shell"},
		{".ps1 .psm1", "powershell"},
		{".sql", "sql"},
		{".sol", "solidity"},
		{".v .sv .svh", "verilog"},
		{".vhd .vhdl", "vhdl"},
		{".pas .dpr", "pascal"},
		{".d", "d"},
		{".nim", "nim"},
		{".zig", "zig"},
		{".r .R", "r"},
		{".jl", "julia"},
		{".tf", "terraform"},
		{".yml .yaml", "yaml"},
		{".css", "css"},
		{".scss .sass", "scss"},
	};
	struct str extension = str_extension(path), rest, one;

	if (extension.n == 0)
		return STR_NULL;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (rest = str_of(table[i].extensions); str_next(&rest, ' ', &one);)
			if (str_eq(one, extension))
				return str_of(table[i].language);
	return STR_NULL;
}

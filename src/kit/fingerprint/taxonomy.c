#include "kit/fingerprint/taxonomy.h"

#include "base/cleanup.h"

enum { SAME = -1 };

/* The first rule that fits decides. NULL fits anything. */
struct rule {
	const char *language, *type, *message;
	int kind; /* enum failure_kind, or SAME */
	const char *subtype;
	const char *otherwise; /* subtype of a failure that was found to be of another kind */
};

static const struct rule rules[] = {
	/* The world around: never repaired. */
	{NULL, NULL, "*No space left on device*", FAILURE_INFRASTRUCTURE, "DiskFull"},
	{NULL, NULL, "*Disk quota exceeded*", FAILURE_INFRASTRUCTURE, "DiskFull"},
	{NULL, NULL, "*Temporary failure in name resolution*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, NULL, "*Name or service not known*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, NULL, "*Could not resolve host*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, NULL, "*Network is unreachable*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, NULL, "*Max retries exceeded with url*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, NULL, "*certificate verify failed*", FAILURE_INFRASTRUCTURE, "Certificate"},
	{NULL, NULL, "*certificate has expired*", FAILURE_INFRASTRUCTURE, "Certificate"},
	{NULL, NULL, "*rate limit exceeded*", FAILURE_INFRASTRUCTURE, "RateLimit"},
	{NULL, NULL, "*429 Too Many Requests*", FAILURE_INFRASTRUCTURE, "RateLimit"},
	{NULL, NULL, "*Cannot allocate memory*", FAILURE_INFRASTRUCTURE, "OutOfMemory"},
	{NULL, NULL, "*Out of memory: Killed process*", FAILURE_INFRASTRUCTURE, "OutOfMemory"},
	{NULL, NULL, "*virtual memory exhausted*", FAILURE_INFRASTRUCTURE, "OutOfMemory"},
	{NULL, "environment", "*Temporary failure resolving*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "environment", "*Connection *", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "environment", "*unable to access *", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "environment", "*from remote*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "environment", "*503 Service*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "environment", "*E: Failed to fetch*", FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "environment", "*runner has received*", FAILURE_INFRASTRUCTURE, "RunnerLost"},
	{NULL, "environment", "*lost communication*", FAILURE_INFRASTRUCTURE, "RunnerLost"},
	{NULL, "environment", "*was canceled*", FAILURE_INFRASTRUCTURE, "RunnerLost"},
	{NULL, "environment", "*E: Unable to locate*", FAILURE_DEPENDENCY, "MissingPackage"},
	{NULL, "environment", "*matching distribution*", FAILURE_DEPENDENCY, "MissingPackage"},
	{NULL, "environment", "*version that satisfies*", FAILURE_DEPENDENCY, "VersionMismatch"},
	{NULL, "environment", "*code E404*", FAILURE_DEPENDENCY, "MissingPackage"},
	{NULL, "environment", "*code ERESOLVE*", FAILURE_DEPENDENCY, "VersionMismatch"},
	{NULL, "environment", "*npm ERR! code*", FAILURE_INFRASTRUCTURE, "Registry"},
	{NULL, "environment", "*npm error code*", FAILURE_INFRASTRUCTURE, "Registry"},
	{NULL, "*ConnectionRefusedError", NULL, FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "*ConnectionResetError", NULL, FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "*exceptions.ConnectionError", NULL, FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "*gaierror", NULL, FAILURE_INFRASTRUCTURE, "Network"},
	{NULL, "*SSLError", NULL, FAILURE_INFRASTRUCTURE, "Certificate"},
	{NULL, "SIGKILL", NULL, FAILURE_INFRASTRUCTURE, "Killed"},
	/* Time. */
	{"python", "*Failed", "Timeout >*", FAILURE_TIMEOUT, "TestTimeout"},
	{NULL, "timeout", NULL, FAILURE_TIMEOUT, "TestTimeout"},
	{NULL, "SIGALRM", NULL, FAILURE_TIMEOUT, "TestTimeout"},
	/* Python: parsing and imports. */
	{"python", "IndentationError", NULL, FAILURE_COMPILE, "Indentation"},
	{"python", "TabError", NULL, FAILURE_COMPILE, "Indentation"},
	{"python", "SyntaxError", "*was never closed*", FAILURE_COMPILE, "Unbalanced"},
	{"python", "SyntaxError", "*does not match*", FAILURE_COMPILE, "Unbalanced"},
	{"python", "SyntaxError", "*unterminated*", FAILURE_COMPILE, "Unbalanced"},
	{"python", "SyntaxError", NULL, FAILURE_COMPILE, "InvalidSyntax"},
	{"python", "ModuleNotFoundError", NULL, FAILURE_DEPENDENCY, "MissingModule", "PathIssue"},
	{"python", "ImportError", "*circular import*", SAME, "CircularImport"},
	{"python", "ImportError", "attempted relative import*", SAME, "PathIssue"},
	{"python", "ImportError", "*bad magic number*", SAME, "Cache"},
	{"python", "ImportError", "*undefined symbol*", FAILURE_DEPENDENCY, "BinaryMismatch"},
	{"python", "ImportError", "*cannot open shared object*", FAILURE_DEPENDENCY,
		"BinaryMismatch"},
	{"python", "ImportError", "cannot import name*-packages/*", FAILURE_DEPENDENCY,
		"VersionMismatch"},
	{"python", "ImportError", "cannot import name*", SAME, "MissingName"},
	{"python", "*FixtureLookupError", NULL, SAME, "MissingFixture"},
	{"python", "UsageError", NULL, FAILURE_CONFIGURATION, "CommandLine"},
	/* Python: values. */
	{"python", "AssertionError", "*assert * == *", SAME, "WrongValue"},
	{"python", "AssertionError", "* != *", SAME, "WrongValue"},
	{"python", "AssertionError", NULL, SAME, "Condition"},
	{"python", "Failed", "DID NOT RAISE*", SAME, "MissingException"},
	{"python", "UnboundLocalError", NULL, SAME, "UndefinedName"},
	{"python", "NameError", NULL, SAME, "UndefinedName"},
	{"python", "AttributeError", "'NoneType'*", SAME, "NoneValue"},
	{"python", "AttributeError", NULL, SAME, "MissingAttribute"},
	{"python", "TypeError", "*'NoneType'*", SAME, "NoneValue"},
	{"python", "TypeError", "*positional argument*", SAME, "ArgumentCount"},
	{"python", "TypeError", "*unexpected keyword argument*", SAME, "ArgumentName"},
	{"python", "TypeError", "*missing * required*", SAME, "ArgumentCount"},
	{"python", "TypeError", "*unsupported operand*", SAME, "OperandTypes"},
	{"python", "TypeError", NULL, SAME, "WrongType"},
	{"python", "IndexError", NULL, SAME, "OutOfRange"},
	{"python", "KeyError", NULL, SAME, "MissingKey"},
	{"python", "ZeroDivisionError", NULL, SAME, "DivisionByZero"},
	{"python", "RecursionError", NULL, SAME, "EndlessRecursion"},
	{"python", "ValueError", "*unpack*", SAME, "UnpackCount"},
	{"python", "ValueError", NULL, SAME, "WrongValue"},
	{"python", "FileNotFoundError", NULL, SAME, "MissingFile"},
	{"python", "UnicodeDecodeError", NULL, SAME, "Encoding"},
	{"python", "UnicodeEncodeError", NULL, SAME, "Encoding"},
	{"python", "MemoryError", NULL, SAME, "OutOfMemory"},
	{"python", "StopIteration", NULL, SAME, "EmptyIterator"},
	/* Compilers and linkers. */
	{NULL, "fatal error", "*No such file or directory*", FAILURE_DEPENDENCY, "MissingHeader",
		"PathIssue"},
	{NULL, "fatal error", "*file not found*", FAILURE_DEPENDENCY, "MissingHeader", "PathIssue"},
	{NULL, "missing library", NULL, FAILURE_DEPENDENCY, "MissingLibrary"},
	{NULL, "undefined reference", NULL, SAME, "UndefinedSymbol"},
	{NULL, "multiple definition", NULL, SAME, "DuplicateSymbol"},
	{NULL, "error", "*undeclared*", SAME, "UndefinedName"},
	{NULL, "error", "*was not declared in this scope*", SAME, "UndefinedName"},
	{NULL, "error", "*unknown type name*", SAME, "UndefinedType"},
	{NULL, "error", "*does not name a type*", SAME, "UndefinedType"},
	{NULL, "error", "*has no member*", SAME, "MissingMember"},
	{NULL, "error", "*no member named*", SAME, "MissingMember"},
	{NULL, "error", "*too few arguments*", SAME, "ArgumentCount"},
	{NULL, "error", "*too many arguments*", SAME, "ArgumentCount"},
	{NULL, "error", "*no matching function*", SAME, "NoOverload"},
	{NULL, "error", "*incompatible*", SAME, "TypeMismatch"},
	{NULL, "error", "*cannot convert*", SAME, "TypeMismatch"},
	{NULL, "error", "*invalid conversion*", SAME, "TypeMismatch"},
	{NULL, "error", "*conflicting types*", SAME, "Redefinition"},
	{NULL, "error", "*redefinition*", SAME, "Redefinition"},
	{NULL, "error", "*redeclar*", SAME, "Redefinition"},
	{NULL, "error", "*read-only*", SAME, "ConstViolation"},
	{NULL, "error", "*implicit declaration*", SAME, "UndefinedName"},
	{NULL, "error", "*expected *", SAME, "InvalidSyntax"},
	{NULL, "error", "*stray *", SAME, "InvalidSyntax"},
	{NULL, "internal compiler error", NULL, FAILURE_INFRASTRUCTURE, "CompilerCrash"},
	{"cmake", NULL, "*Could NOT find*", FAILURE_DEPENDENCY, "MissingPackage"},
	{"cmake", NULL, "*package configuration file provided by*", FAILURE_DEPENDENCY,
		"MissingPackage"},
	{"cmake", NULL, "*required packages were not found*", FAILURE_DEPENDENCY, "MissingPackage"},
	{"cmake", NULL, NULL, SAME, "Configuration"},
	{"meson", NULL, "*Dependency *not found*", FAILURE_DEPENDENCY, "MissingPackage"},
	{"meson", NULL, "*library *not found*", FAILURE_DEPENDENCY, "MissingLibrary"},
	{"meson", NULL, NULL, SAME, "Configuration"},
	/* Crashes. */
	{NULL, "assert", NULL, SAME, "Condition"},
	{NULL, "SIGSEGV", NULL, SAME, "InvalidMemory"},
	{NULL, "SIGBUS", NULL, SAME, "InvalidMemory"},
	{NULL, "SIGFPE", NULL, SAME, "Arithmetic"},
	{NULL, "SIGABRT", NULL, SAME, "Abort"},
	{NULL, "heap-buffer-overflow", NULL, SAME, "OutOfRange"},
	{NULL, "stack-buffer-overflow", NULL, SAME, "OutOfRange"},
	{NULL, "global-buffer-overflow", NULL, SAME, "OutOfRange"},
	{NULL, "container-overflow", NULL, SAME, "OutOfRange"},
	{NULL, "stack-overflow", NULL, SAME, "EndlessRecursion"},
	{NULL, "heap-use-after-free", NULL, SAME, "UseAfterFree"},
	{NULL, "stack-use-after-*", NULL, SAME, "UseAfterFree"},
	{NULL, "attempting double-free", NULL, SAME, "DoubleFree"},
	{NULL, "memory leak", NULL, SAME, "Leak"},
	{NULL, "data race", NULL, SAME, "Race"},
	{NULL, "undefined behavior", "*overflow*", SAME, "Overflow"},
	{NULL, "undefined behavior", "*out of bounds*", SAME, "OutOfRange"},
	{NULL, "undefined behavior", "*null pointer*", SAME, "InvalidMemory"},
	{NULL, "undefined behavior", "division by zero*", SAME, "DivisionByZero"},
	{NULL, "SEGV", NULL, SAME, "InvalidMemory"},
	{NULL, "use-of-uninitialized-value", NULL, SAME, "Uninitialised"},
	{NULL, "expectation", NULL, SAME, "WrongValue"},
	{"cpp", "std::out_of_range", NULL, SAME, "OutOfRange"},
	{"cpp", "std::*", NULL, SAME, "Uncaught"},
	/* Commands. */
	{NULL, "command not found", NULL, FAILURE_DEPENDENCY, "MissingCommand"},
	{NULL, "permission denied", NULL, FAILURE_CONFIGURATION, "Permission"},
	{NULL, "not run", NULL, FAILURE_CONFIGURATION, "NotBuilt"},
	{NULL, "no rule", NULL, FAILURE_CONFIGURATION, "MissingTarget"},
	{NULL, "makefile", NULL, FAILURE_CONFIGURATION, "InvalidSyntax"},
};

static const struct {
	const char *subtype, *advice;
} advice[] = {
	{"DiskFull", "free disk space on the machine and run again"},
	{"Network", "run again; if it stays, check the host, the proxy, and whether tests may use "
		    "the network"},
	{"Certificate", "check the machine's clock and its CA certificates"},
	{"RateLimit", "wait and run again, or authenticate the request"},
	{"OutOfMemory", "give the machine more memory or run fewer jobs at once"},
	{"Killed", "something ended the process, mostly for its memory: look at the kernel's log"},
	{"MissingModule", "install the module, or add it to the project's requirements"},
	{"MissingHeader", "install the development package, or add its include directory"},
	{"MissingLibrary", "install the library, or add its directory to the link line"},
	{"MissingPackage", "install the package, or correct its name or version"},
	{"MissingCommand", "install the program, or put its folder on PATH"},
	{"VersionMismatch", "pin the dependency to the version that has this name"},
	{"CircularImport", "move the import into the function that needs it, or split the module"},
	{"PathIssue", "correct the name, run from the project's root, or set the search path"},
	{"Cache", "delete stale caches (__pycache__, build folders) and run again"},
	{"MissingFixture", "define the fixture, or correct its name"},
	{"UndefinedName", "correct the name, or import or declare it"},
	{"MissingTarget", "correct the target's name, or add the rule or file it needs"},
	{"NotBuilt", "build the test programs before running them"},
	{"EndlessRecursion", "look for the missing or wrong end of the recursion"},
	{"OutOfRange", "check the bounds of the index"},
	{"NoneValue", "a value is None here: find out where it should have been set"},
	{"DivisionByZero", "guard the divisor"},
};

static bool like(const char *p, const char *s, size_t n)
{
	const char *star = NULL, *end = s + n, *again = s;

	while (s < end) {
		if (*p == '*') {
			star = p++;
			again = s;
		} else if (*p && *p == *s) {
			p++;
			s++;
		} else if (star) {
			p = star + 1;
			s = ++again;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

bool taxonomy_like(const char *pattern, struct str s)
{
	return like(pattern, s.n ? s.p : "", s.n);
}

static bool fits(const char *pattern, struct str s)
{
	return !pattern || taxonomy_like(pattern, s);
}

static const struct rule *find_rule(const struct failure *f)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (fits(rules[i].language, f->language) && fits(rules[i].type, f->type) &&
			fits(rules[i].message, f->message))
			return &rules[i];
	return NULL;
}

void taxonomy_decide_kind(struct failure *f)
{
	const struct rule *rule = find_rule(f);

	if (rule && rule->kind != SAME)
		f->kind = (enum failure_kind)rule->kind;
}

static const char *phase(enum failure_kind kind)
{
	switch (kind) {
	case FAILURE_COMPILE:
	case FAILURE_LINT:
		return "compile";
	case FAILURE_DEPENDENCY:
	case FAILURE_CONFIGURATION:
	case FAILURE_INFRASTRUCTURE:
		return "deploy";
	default:
		return "runtime";
	}
}

static const char *subtype(const struct failure *f)
{
	const struct rule *rule = find_rule(f);

	if (!rule)
		return "other";
	if (rule->otherwise && rule->kind != SAME && f->kind != (enum failure_kind)rule->kind)
		return rule->otherwise;
	return rule->subtype;
}

void taxonomy_classify(struct failure *f, struct arena *mem)
{
	f->class_[0] = f->language.n ? arena_str(mem, f->language) : STR("unknown");
	f->class_[1] = str_of(phase(f->kind));
	f->class_[2] = f->type.n ? arena_str(mem, f->type) : STR("unknown");
	f->class_[3] = str_of(subtype(f));
}

const char *taxonomy_advice(const struct failure *f)
{
	const char *name = subtype(f);

	for (size_t i = 0; i < ARRAY_LEN(advice); i++)
		if (strcmp(advice[i].subtype, name) == 0)
			return advice[i].advice;
	switch (f->kind) {
	case FAILURE_COMPILE:
		return "correct the source at the place shown";
	case FAILURE_CRASH:
		return "look at the innermost frame of the project";
	case FAILURE_TIMEOUT:
		return "look for an endless loop, a wait, or raise the time-out";
	case FAILURE_INFRASTRUCTURE:
		return "run again; nothing in the project explains it";
	case FAILURE_CONFIGURATION:
		return "correct the configuration or the command";
	case FAILURE_DEPENDENCY:
		return "install what is missing";
	default:
		return "compare what the test expects with what the code does at the place shown";
	}
}

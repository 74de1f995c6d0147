#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "port/git/repo.h"
#include "support/scratch.h"

/* libgit2 looks once where the user's configuration is. */
static struct scratch home;

static int make_home(void **state)
{
	(void)state;
	scratch_make(&home);
	setenv("HOME", home.dir, 1);
	setenv("XDG_CONFIG_HOME", home.dir, 1);
	setenv("SELFHEAL_NOW", "1700000000", 1);
	return 0;
}

static int remove_home(void **state)
{
	(void)state;
	scratch_remove(&home);
	return 0;
}

struct fixture {
	struct scratch box;
	struct arena mem;
	struct err err;
};

/* r: two commits, one file each of several kinds; HEAD on main. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	scratch_make(&f->box);
	arena_init(&f->mem);
	return scratch_sh(&f->box,
		"git init -q -b main r && cd r && mkdir -p src && printf 'a\\nb\\nc\\n' > src/a.c "
		"&& "
		"printf '#!/bin/sh\\necho 1\\n' > run && chmod +x run && ln -s src link && "
		"printf '*.txt text eol=crlf\\n' > .gitattributes && printf 'x\\ny\\n' > w.txt && "
		"echo build/ > .gitignore && git add . && git commit -qm 'one' && "
		"echo d >> src/a.c && git commit -qam 'two touches a' && "
		"rm w.txt && git checkout -q w.txt");
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->mem);
	scratch_remove(&f->box);
	free(f);
	return 0;
}

static struct repo *open_repo(struct fixture *f, const char *name)
{
	struct repo *repo = NULL;

	if (repo_open(&repo, scratch_path(&f->box, name), &f->err) != 0)
		fail_msg("%s: %s", name, f->err.msg);
	return repo;
}

static void heads(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *make, *name, *branch;
		bool detached, unborn, shallow;
	} cases[] = {
		{"true", "r", "main"},
		{"true", "r/src", "main"},
		{"git -C r worktree add -q ../linked -b feature/x", "linked", "feature/x"},
		{"git clone -q r d && git -C d checkout -q --detach", "d", "", .detached = true},
		{"git init -q -b trunk u", "u", "trunk", .unborn = true},
		{"git clone -q --depth 1 \"file://$PWD/r\" s", "s", "main", .shallow = true},
		{"git clone -q --filter=blob:none \"file://$PWD/r\" p && "
		 "git -C p config extensions.worktreeConfig true && "
		 "git -C p config core.repositoryFormatVersion 1 && "
		 "git -C p config extensions.partialClone origin",
			"p", "main"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct repo *repo;
		struct repo_head head;

		assert_int_equal(scratch_sh(&f->box, "%s", cases[i].make), 0);
		repo = open_repo(f, cases[i].name);
		assert_int_equal(repo_head(repo, &head, &f->mem, &f->err), 0);
		assert_true(str_eq_c(head.branch, cases[i].branch));
		assert_int_equal(head.detached, cases[i].detached);
		assert_int_equal(head.unborn, cases[i].unborn);
		assert_int_equal(strlen(head.commit), cases[i].unborn ? 0 : 40);
		assert_int_equal(repo_is_shallow(repo), cases[i].shallow);
		repo_free(repo);
	}
}

static void refused_with_a_reason(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *make, *name, *says;
		int rc;
	} cases[] = {
		{"mkdir plain", "plain", "", REPO_NONE},
		{"git clone -q --bare r b.git", "b.git", "bare repository", -1},
		{"git clone -q r o && chown -R 65534:65534 o", "o",
			"git config --global --add safe.directory", -1},
		{"git init -q --object-format=sha256 z", "z", "cannot open repository", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct repo *repo = NULL;
		int rc;

		assert_int_equal(scratch_sh(&f->box, "%s", cases[i].make), 0);
		if (!strcmp(cases[i].name, "o") && getuid() != 0)
			continue; /* only root can give a folder away */
		rc = repo_open(&repo, scratch_path(&f->box, cases[i].name), &f->err);
		if (rc != cases[i].rc || (rc < 0 && !strstr(f->err.msg, cases[i].says)))
			fail_msg("%s: %d %s", cases[i].name, rc, f->err.msg);
		assert_null(repo);
	}
	if (getuid() == 0) { /* and the command it names helps */
		char text[256];

		snprintf(text, sizeof(text), "[safe]\n\tdirectory = %s\n",
			scratch_path(&f->box, "o"));
		scratch_write(&home, ".gitconfig", text);
		repo_free(open_repo(f, "o"));
		scratch_write(&home, ".gitconfig", "");
	}
}

static void status_and_ignored(void **state)
{
	struct fixture *f = *state;
	struct repo *repo = open_repo(f, "r");
	struct repo_status status;
	bool ignored;

	assert_int_equal(repo_status(repo, true, &status, &f->err), 0);
	assert_int_equal(status.changed + status.untracked + status.conflicted, 0);
	assert_null(status.operation);
	scratch_sh(&f->box,
		"cd r && echo x >> src/a.c && echo n > new && git rm -q --cached run && "
		"mkdir build && echo o > build/o");
	assert_int_equal(repo_status(repo, true, &status, &f->err), 0);
	assert_int_equal(status.changed, 2);
	assert_int_equal(status.untracked, 1);
	assert_int_equal(repo_status(repo, false, &status, &f->err), 0);
	assert_int_equal(status.untracked, 0);
	assert_int_equal(repo_is_ignored(repo, "build/o", &ignored, &f->err), 0);
	assert_true(ignored);
	assert_int_equal(repo_is_ignored(repo, "src/a.c", &ignored, &f->err), 0);
	assert_false(ignored);
	repo_free(repo);
	scratch_sh(&f->box, "cd r && git checkout -qf main && git checkout -q -b side HEAD~1 && "
			    "echo z >> src/a.c && git commit -qam side && git merge main");
	repo = open_repo(f, "r");
	assert_int_equal(repo_status(repo, false, &status, &f->err), 0);
	assert_int_equal(status.conflicted, 1);
	assert_string_equal(status.operation, "merge");
	repo_free(repo);
}

static void recent_commits_of_paths(void **state)
{
	struct fixture *f = *state;
	struct repo *repo = open_repo(f, "r");
	const struct str a[] = {STR("src/a.c")}, run[] = {STR("run")}, none[] = {STR("nope")};
	struct repo_commit *commits;
	size_t n;

	assert_int_equal(repo_recent_commits(repo, a, 1, 9, &commits, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 2);
	assert_true(str_eq_c(commits[0].summary, "two touches a"));
	assert_true(str_eq_c(commits[0].author, "A"));
	assert_int_equal(repo_recent_commits(repo, run, 1, 9, &commits, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 1);
	assert_true(str_eq_c(commits[0].summary, "one"));
	assert_int_equal(repo_recent_commits(repo, none, 1, 9, &commits, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(repo_recent_commits(repo, NULL, 0, 1, &commits, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 1);
	repo_free(repo);
	assert_int_equal(scratch_sh(&f->box, "git clone -q --depth 1 \"file://$PWD/r\" s"), 0);
	repo = open_repo(f, "s");
	assert_int_equal(repo_recent_commits(repo, run, 1, 9, &commits, &n, &f->mem, &f->err), 0);
	assert_int_equal(n, 1); /* as far as the history goes */
	repo_free(repo);
}

static void file_of_head(void **state)
{
	struct fixture *f = *state;
	struct repo *repo = open_repo(f, "r");
	BUF_AUTO text;

	buf_init(&text, 64);
	scratch_sh(&f->box, "echo changed > r/src/a.c");
	assert_int_equal(repo_read_head_file(repo, "src/a.c", &text, &f->err), 0);
	assert_string_equal(buf_text(&text), "a\nb\nc\nd\n");
	buf_reset(&text);
	assert_int_equal(repo_read_head_file(repo, "w.txt", &text, &f->err), 0);
	assert_string_equal(buf_text(&text), "x\r\ny\r\n"); /* as it is checked out */
	assert_int_equal(repo_read_head_file(repo, "src", &text, &f->err), REPO_NONE);
	assert_int_equal(repo_read_head_file(repo, "nope", &text, &f->err), REPO_NONE);
	repo_free(repo);
}

#define A_DIFF "--- a/src/a.c\n+++ b/src/a.c\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
#define OURS "Self-healing fix: x\n\nSelfheal-Fingerprint: 00\n"

static int commit(struct fixture *f, const char *branch, const char *base, const char *diff,
	const char *message)
{
	struct repo *repo = open_repo(f, "r");
	const struct repo_branch_commit c = {branch, base, str_of(diff), str_of(message), NULL};
	char id[COMMIT_ID_SIZE];
	int rc = repo_commit_on_branch(repo, &c, id, &f->err);

	if (rc == 0)
		assert_int_equal(strlen(id), 40);
	repo_free(repo);
	return rc;
}

static void branch_made_without_touching_tree_or_index(void **state)
{
	struct fixture *f = *state;

	scratch_sh(&f->box, "cd r && echo dirty >> run && echo staged > st && git add st && "
			    "find . -path ./.git/objects -prune -o -path ./.git/refs -prune -o "
			    "-path ./.git/logs -prune -o -type f -print0 | sort -z | "
			    "xargs -0 sha256sum > ../before");
	assert_int_equal(
		commit(f, "selfheal/fix-1", NULL,
			A_DIFF "--- a/run\n+++ b/run\n@@ -1,2 +1,2 @@\n #!/bin/sh\n"
			       "-echo 1\n+echo 2\n"
			       "--- a/w.txt\n+++ b/w.txt\n@@ -1,2 +1,2 @@\n-x\r\n+X\r\n y\r\n"
			       "--- /dev/null\n+++ b/new/file\n@@ -0,0 +1 @@\n+hello\n"
			       "--- a/.gitignore\n+++ /dev/null\n@@ -1 +0,0 @@\n-build/\n",
			OURS),
		0);
	assert_int_equal(scratch_sh(&f->box, "cd r && sha256sum -c --quiet ../before"), 0);
	assert_int_equal(
		scratch_sh(&f->box,
			"cd r && test \"$(git rev-parse selfheal/fix-1^)\" = \"$(git rev-parse "
			"main)\""
			" && git fsck --strict --no-dangling &&"
			"test \"$(git show selfheal/fix-1:src/a.c | tr '\\n' ,)\" = a,B,c,d, && "
			"git ls-tree selfheal/fix-1 run | grep -q ^100755 && "
			"test \"$(git show selfheal/fix-1:w.txt | od -An -c | tr -d ' ')\" = "
			"'X\\ny\\n' && test \"$(git show selfheal/fix-1:new/file)\" = hello && "
			"! git cat-file -e selfheal/fix-1:.gitignore && "
			"test \"$(git log -1 --format='%%an %%at' selfheal/fix-1)\" = "
			"'selfheal 1700000000' && "
			"git log -1 --format='%%(trailers)' selfheal/fix-1 | "
			"grep -q 'Selfheal-Fingerprint: 00'"),
		0);
}

/* A project in a folder of a larger repository: the diff knows nothing of what is above it, and a
 * file of the same name at the top is another one. */
static void branch_for_a_folder(void **state)
{
	struct fixture *f = *state;
	CLEANUP(repo_freep) struct repo *repo = NULL;
	struct repo_branch_commit c = {.branch = "sub",
		.diff = STR("--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n"),
		.message = STR(OURS)};
	char folder[512], id[COMMIT_ID_SIZE];

	scratch_sh(
		&f->box, "cd r && cp src/a.c a.c && git add a.c && git commit -qm 'a at the top'");
	repo = open_repo(f, "r");
	snprintf(folder, sizeof(folder), "%s/src", repo_workdir(repo));
	c.folder = folder;
	assert_int_equal(repo_commit_on_branch(repo, &c, id, &f->err), 0);
	assert_int_equal(
		scratch_sh(&f->box, "cd r && test \"$(git diff --name-only main sub)\" = src/a.c"),
		0);
	c.folder = "/elsewhere";
	assert_int_equal(repo_commit_on_branch(repo, &c, id, &f->err), -1);
	assert_int_equal(f->err.code, ERR_INTERNAL);
}

static void author_is_the_configured_one(void **state)
{
	struct fixture *f = *state;

	scratch_sh(&f->box, "git -C r config user.name Ann && git -C r config user.email a@x.org");
	assert_int_equal(commit(f, "x", NULL, A_DIFF, OURS), 0);
	assert_int_equal(scratch_sh(&f->box, "test \"$(git -C r log -1 --format='%%an %%ce' x)\" = "
					     "'Ann a@x.org'"),
		0);
}

static void branch_replaced_only_when_ours(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(commit(f, "ours", NULL, A_DIFF, OURS), 0);
	assert_int_equal(commit(f, "ours", NULL, A_DIFF, OURS "again\n"), 0);
	assert_int_equal(
		scratch_sh(&f->box, "test $(git -C r rev-list --count main..ours) = 1"), 0);
	/* a person's commit on top */
	assert_int_equal(scratch_sh(&f->box, "cd r && git worktree add -q ../w ours && cd ../w && "
					     "git commit -q --allow-empty -m mine"),
		0);
	assert_int_equal(commit(f, "ours", NULL, A_DIFF, OURS), -1);
	assert_non_null(strstr(f->err.msg, "checked out"));
	scratch_sh(&f->box, "git -C r worktree remove --force ../w");
	assert_int_equal(commit(f, "ours", NULL, A_DIFF, OURS), -1);
	assert_non_null(strstr(f->err.msg, "not from selfheal"));
	/* a person's branch without commits of its own */
	scratch_sh(&f->box, "git -C r branch theirs main && git -C r branch older main~1");
	assert_int_equal(commit(f, "theirs", NULL, A_DIFF, OURS), -1);
	assert_int_equal(commit(f, "older", NULL, A_DIFF, OURS), -1);
	assert_int_equal(f->err.code, ERR_CONFLICT);
}

static void commit_refusals(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *branch, *base, *diff, *says;
		enum err_code code;
	} cases[] = {
		{"bad..name", NULL, A_DIFF, "no such name", ERR_CONFIG},
		{"b", "0123456789012345678901234567890123456789", A_DIFF, "find commit",
			ERR_CONFLICT},
		{"b", NULL, "--- a/src/a.c\n+++ b/src/a.c\n@@ -1 +1 @@\n-zz\n+y\n", "not committed",
			ERR_CONFLICT},
		{"b", NULL, "--- a/nope\n+++ b/nope\n@@ -1 +1 @@\n-zz\n+y\n", "not committed yet",
			ERR_CONFLICT},
		{"b", NULL, "--- a/link\n+++ b/link\n@@ -1 +1 @@\n-src\n+/etc\n", "symbolic link",
			ERR_POLICY},
		{"b", NULL, "--- /dev/null\n+++ b/run\n@@ -0,0 +1 @@\n+y\n", "there already",
			ERR_CONFLICT},
		{"b", NULL, "--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n", "not allowed",
			ERR_POLICY},
		{"b", NULL, "", "no file", ERR_PARSE},
		{"main/sub", NULL, A_DIFF, "make branch", ERR_CONFLICT},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		f->err = ERR_INIT;
		if (commit(f, cases[i].branch, cases[i].base, cases[i].diff, OURS) != -1 ||
			f->err.code != cases[i].code || !strstr(f->err.msg, cases[i].says))
			fail_msg("case %zu: %d %s", i, f->err.code, f->err.msg);
	}
	assert_int_equal(scratch_sh(&f->box, "test $(git -C r branch | wc -l) = 1"), 0);
	/* moved lines: bound all the same */
	assert_int_equal(
		commit(f, "moved", NULL,
			"--- a/src/a.c\n+++ b/src/a.c\n@@ -11,3 +11,3 @@\n b\n-c\n+C\n d\n", OURS),
		0);
	scratch_sh(&f->box, "rm -rf r && git init -q r");
	assert_int_equal(commit(f, "b", NULL, A_DIFF, OURS), -1);
	assert_non_null(strstr(f->err.msg, "no commit yet"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heads),
		TEST(refused_with_a_reason),
		TEST(status_and_ignored),
		TEST(recent_commits_of_paths),
		TEST(file_of_head),
		TEST(branch_made_without_touching_tree_or_index),
		TEST(branch_for_a_folder),
		TEST(author_is_the_configured_one),
		TEST(branch_replaced_only_when_ours),
		TEST(commit_refusals),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}

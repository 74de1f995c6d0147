/* Runs a libFuzzer entry point over files and folders: fuzz targets as ordinary tests. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replayed;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, room = 0;

	if (!f)
		return -1;
	for (;;) {
		if (room - n < 65536 && !(data = realloc(data, room = room * 2 + 65536)))
			abort();
		size_t got = fread(data + n, 1, room - n, f);

		n += got;
		if (!got)
			break;
	}
	fclose(f);
	/* An exact-size copy, so that a read past the end is seen by the address sanitizer. */
	uint8_t *exact = malloc(n ? n : 1);

	memcpy(exact, data, n);
	free(data);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	replayed++;
	return 0;
}

static int replay(const char *path)
{
	struct stat st;
	struct dirent *entry;
	DIR *dir;

	if (stat(path, &st) < 0) {
		fprintf(stderr, "cannot read '%s': %s\n", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode))
		return replay_file(path);
	if (!(dir = opendir(path)))
		return -1;
	while ((entry = readdir(dir))) {
		char child[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
		if (replay(child) < 0)
			return closedir(dir), -1;
	}
	closedir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]) < 0)
			return 1;
	printf("%d inputs replayed\n", replayed);
	return replayed ? 0 : 1;
}

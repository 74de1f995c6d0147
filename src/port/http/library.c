#include "port/http/library.h"

#include <dlfcn.h>
#include <stdbool.h>

int curl_library_load(struct curl_library *out, struct err *err)
{
	void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	bool all = handle != NULL;

	if (!handle)
		return err_set(
			err, ERR_CONFIG, "cannot use the network without libcurl: %s", dlerror());
#define LOOK_UP(name) all &= (out->name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
	CURL_CALLS(LOOK_UP)
	if (!all)
		return err_set(err, ERR_CONFIG, "cannot use the network: this libcurl is too old");
	/* Counted by libcurl; what it sets up stays for as long as the process. */
	if (out->curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "cannot use the network: libcurl does not start");
	return 0;
}

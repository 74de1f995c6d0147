#include "port/httpd/library.h"

#include <dlfcn.h>
#include <stdbool.h>

int mhd_load(struct mhd *out, struct err *err)
{
	void *handle = dlopen("libmicrohttpd.so.12", RTLD_NOW | RTLD_LOCAL);
	bool all = handle != NULL;

	if (!handle)
		return err_set(
			err, ERR_CONFIG, "cannot serve without libmicrohttpd: %s", dlerror());
#define LOOK_UP(name) all &= (out->name = (__typeof__(name) *)dlsym(handle, #name)) != NULL;
	MHD_CALLS(LOOK_UP)
	if (!all)
		return err_set(err, ERR_CONFIG, "cannot serve: this libmicrohttpd is too old");
	return 0;
}

/* github_facts: what doctor asks of GitHub, of the environment, and of a running webhook server,
 * for github_checks to judge. Layer: app. Asks and never writes, but for three 'ping' deliveries to
 * the server when its address is given. */
#pragma once

#include "app/cli/github_checks.h"
#include "base/arena.h"
#include "port/http/http.h"

struct github_question {
	struct forge *forge; /* borrowed */
	struct http *http;   /* borrowed; for the webhook server */
	struct str repo;
	const char *api_url;
	const char *webhook_url; /* NULL: no server is asked */
	struct str secret;       /* of its deliveries; empty: not known */
};

/* Fills every fact; one that cannot be had says why. */
void github_facts_gather(
	struct github_facts *out, const struct github_question *question, struct arena *mem);

/* sandbox_entry: what starting a child needs of a sandbox.
 * Layer: port/child, private to it. */
#pragma once

#include "port/child/confine.h"
#include "port/child/namespaces.h"

struct sandbox;

const struct namespaces *sandbox_namespaces(const struct sandbox *box);
const struct confinement *sandbox_confinement(const struct sandbox *box);

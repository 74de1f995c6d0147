#!/usr/bin/env bash
# `selfheal explain` on our own samples and damaged forms of them; the long run is tests/bench/explain_robust.py.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 bench/explain_robust.py "$SELFHEAL" golden/report fuzz/corpus/fuzz_report --forms 1 --share 0.5 --seconds 20 \
	--mib 1024 --seed "${EXPLAIN_SEED:-$RANDOM}"

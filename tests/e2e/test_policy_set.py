#!/usr/bin/env python3
"""The generated set of patches, judged: none missed, at most 3 % of the harmless held.

Fixed seeds, so that it says the same every time; tests/bench/policy_set.py takes a new one at every run.
"""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN = Path(os.environ["SELFHEAL"]).parent / "tests" / "bench_policy"

for seed in (1, 2, 3):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "set.jsonl"
        subprocess.run([sys.executable, ROOT / "tests/bench/policy_set.py", "--seed", str(seed), "--out", out], check=True)
        done = subprocess.run([sys.executable, ROOT / "tests/bench/policy_table.py", "--run", RUN, "--show", "5", out])
        if done.returncode:
            sys.exit(f"seed {seed}: a patch was missed or too many harmless ones were held")

"""selfheal serve beside two Node receivers that store nothing, in turns in one run.

    python3 tests/bench/webhook_bench.py build/release/selfheal build/release/tests/bench_webhooks

Generator on one processor, the server measured on the other. Prints one JSON line a receiver: the
median of the rounds. A figure whose generator used 95 % of its processor is marked invalid. The
middleware needs `npm ci --ignore-scripts` in tests/bench/receivers; without it it is left out.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SECRET = "It's a Secret to Everybody"
TICKS = os.sysconf("SC_CLK_TCK")


def pinned(cpu, command):
    return ["taskset", "-c", str(cpu), *map(str, command)]


class Receiver:
    def __init__(self, name, command, port_of, stream):
        self.name, self.rounds = name, []
        begin = time.monotonic()
        self.process = subprocess.Popen(
            pinned(1, command), text=True, env={**os.environ, "WEBHOOK_SECRET": SECRET},
            stdout=subprocess.PIPE if stream == "stdout" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if stream == "stderr" else subprocess.DEVNULL)
        pipe = getattr(self.process, stream)
        self.port = int(re.search(port_of, pipe.readline()).group(1))
        self.start_ms = (time.monotonic() - begin) * 1000

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().split(") ")[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_kib(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text).group(1))

    def load(self, generator, seconds, connections, size, *more):
        cpu = self.cpu_seconds()
        run = subprocess.run(
            pinned(0, [generator, self.port, SECRET, seconds, connections, size, *more]),
            capture_output=True, text=True, check=True, timeout=seconds * 3 + 30)
        figures = json.loads(run.stdout)
        figures["cpu_us"] = (self.cpu_seconds() - cpu) / max(figures["requests"], 1) * 1e6
        return figures


def summary(receiver):
    def median(key):
        return round(statistics.median(r[key] for r in receiver.rounds), 2)

    statuses = {}
    for r in receiver.rounds:
        for status, n in r["status"].items():
            statuses[status] = statuses.get(status, 0) + n
    return {"receiver": receiver.name, "per_second": median("per_second"),
            "best": max(r["per_second"] for r in receiver.rounds), "cpu_us": median("cpu_us"),
            "p50_ms": median("p50_ms"), "p99_ms": median("p99_ms"), "status": statuses,
            "start_ms": round(receiver.start_ms, 1), "peak_kib": receiver.memory_kib("VmHWM"),
            "generator_cpu": max(r["generator_cpu"] for r in receiver.rounds),
            "valid": all(r["generator_cpu"] < 0.95 for r in receiver.rounds)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("selfheal")
    parser.add_argument("generator")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--size", type=int, default=18900)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="selfheal-bench-") as folder:
        receivers = [
            Receiver("selfheal serve", [options.selfheal, "serve", "--listen", "127.0.0.1:0",
                                        "--store", f"{folder}/s.db", "--jobs", "0"],
                     r":(\d+)/", "stderr"),
            Receiver("bare node", ["node", HERE / "receivers/bare.mjs"], r"(\d+)", "stdout")]
        if (HERE / "receivers/node_modules/@octokit/webhooks").is_dir():
            receivers.append(Receiver("@octokit/webhooks",
                                      ["node", HERE / "receivers/octokit.mjs"], r"(\d+)", "stdout"))
        # Nobody reads the access log here: a full pipe would stop the server.
        subprocess.Popen(["cat"], stdin=receivers[0].process.stderr, stdout=subprocess.DEVNULL)
        try:
            for _ in range(options.rounds):
                for r in receivers:
                    r.rounds.append(r.load(options.generator, options.seconds,
                                           options.connections, options.size))
                    time.sleep(0.5)
            for r in receivers:
                print(json.dumps(summary(r)))
            ours = receivers[0]
            wrong = []
            for _ in range(2):
                figures = ours.load(options.generator, options.seconds, options.connections,
                                    options.size, "wrong")
                wrong.append({"per_second": figures["per_second"], "status": figures["status"],
                              "resident_kib": ours.memory_kib("VmRSS")})
            print(json.dumps({"wrong_signatures": wrong}))
            base = summary(ours)
            for r in receivers[1:]:
                other = summary(r)
                print(f"x {base['per_second'] / other['per_second']:.2f} of {r.name} by the clock, "
                      f"x {other['cpu_us'] / base['cpu_us']:.2f} by processor time a request")
        finally:
            for r in receivers:
                r.process.kill()


if __name__ == "__main__":
    main()

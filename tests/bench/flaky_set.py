#!/usr/bin/env python3
"""A set of flaky projects of our own making: flaky_set.py OUT [--count N] [--seed S]

Writes OUT/<id>/{repo/,case.json}: 60 % fail by the order of their tests, 25 % by what is around them, 15 % by
time and chance; the product code of each is right, so that every patch of it is wrong. The seed is chosen at
run time and printed.
"""
import argparse
import json
import os
import random
import textwrap
import time

PRODUCT = [
    ("basket", "def total(prices, discount=0):\n    return sum(prices) - discount\n",
     ["assert total([1, 2, 3]) == 6", "assert total([10], 4) == 6", "assert total([]) == 0"], "total"),
    ("words", "def initials(name):\n    return ''.join(part[0] for part in name.split())\n",
     ["assert initials('ada lovelace') == 'al'", "assert initials('x') == 'x'"], "initials"),
    ("grid", "def neighbours(x, y):\n    return [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]\n",
     ["assert len(neighbours(0, 0)) == 4", "assert (1, 5) in neighbours(0, 5)"], "neighbours"),
    ("stack", "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n"
     "        self.items.append(item)\n\n    def pop(self):\n        return self.items.pop()\n",
     ["s = Stack(); s.push(3); assert s.pop() == 3", "s = Stack(); s.push(1); s.push(2); assert s.pop() == 2"], "Stack"),
    ("clamp", "def clamp(value, low, high):\n    return max(low, min(high, value))\n",
     ["assert clamp(5, 0, 3) == 3", "assert clamp(-1, 0, 3) == 0", "assert clamp(2, 0, 3) == 2"], "clamp"),
]

# Shared state: module text, what the polluter does, what the victim wants.
SHARED = [
    ("SETTINGS = {'unit': 'm', 'limit': 10}\n", "shared.SETTINGS['unit'] = 'km'", "assert shared.SETTINGS['unit'] == 'm'"),
    ("registry = []\n", "registry_name = 'left behind'; shared.registry.append(registry_name)",
     "assert shared.registry == []"),
    ("class Counter:\n    started = 0\n", "shared.Counter.started += 1", "assert shared.Counter.started == 0"),
    ("def greet():\n    return 'hello'\n", "shared.greet = lambda: 'mocked'", "assert shared.greet() == 'hello'"),
    ("_cache = {}\n\n\ndef lookup(key):\n    return _cache.setdefault(key, key * 2)\n",
     "shared._cache['a'] = 'wrong'", "assert shared.lookup('a') == 'aa'"),
    ("import os\n\n\ndef home():\n    return os.environ.get('APP_HOME', 'default')\n",
     "shared.os.environ['APP_HOME'] = '/elsewhere'", "assert shared.home() == 'default'"),
    ("import os\n\n\ndef has_marker():\n    return os.path.exists('marker.tmp')\n",
     "open('marker.tmp', 'w').close()", "assert not shared.has_marker()"),
    ("import os\n\n\ndef here():\n    return os.path.exists('shared.py')\n", "shared.os.chdir('/')",
     "assert shared.here()"),
    ("import logging\n\nlog = logging.getLogger('app')\n", "shared.log.setLevel('CRITICAL')",
     "assert shared.log.isEnabledFor(shared.logging.ERROR)"),
    ("import decimal\n\n\ndef third():\n    return str(decimal.Decimal(1) / 3)\n",
     "shared.decimal.getcontext().prec = 4", "assert len(shared.third()) > 10"),
    ("import sys\n\n\ndef deep():\n    return sys.getrecursionlimit() >= 500\n",
     "shared.sys.setrecursionlimit(200)", "assert shared.deep()"),
    ("class Session:\n    current = None\n\n    @classmethod\n    def open(cls):\n        if cls.current is None:\n"
     "            cls.current = cls()\n            cls.current.user = 'guest'\n        return cls.current\n",
     "shared.Session.open().user = 'root'", "assert shared.Session.open().user == 'guest'"),
]

AROUND = [
    "import socket\n    socket.create_connection(('database.internal.example', 5432), timeout=3)",
    "import urllib.request\n    urllib.request.urlopen('https://api.example.com/v1/status', timeout=3)",
    "import socket\n    socket.create_connection(('127.0.0.1', {port}), timeout=3)",
    "import urllib.request\n    urllib.request.urlopen('http://127.0.0.1:{port}/health', timeout=3)",
    "import socket\n    socket.getaddrinfo('registry.example.org', 443)",
    "with open('/dev/full', 'w') as f:\n        f.write('x' * 100000)",
    "import errno, os\n    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), '/data/cache.bin')",
    "raise ConnectionResetError(104, 'Connection reset by peer')",
    "import socket\n    raise socket.gaierror(-3, 'Temporary failure in name resolution')",
    "raise TimeoutError('HTTPSConnectionPool(host=\\'files.example.org\\', port=443): Read timed out. (read timeout=15)')",
    "import ssl\n    raise ssl.SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
    "certificate has expired (_ssl.c:1006)')",
    "import urllib.error\n    raise urllib.error.HTTPError('https://api.example.com/search', 429, 'Too Many Requests', "
    "None, None)",
    "import urllib.error\n    raise urllib.error.HTTPError('https://packages.example.com/simple', 503, "
    "'Service Unavailable', None, None)",
    "import subprocess\n    subprocess.run(['redis-server-{port}', '--version'], check=True)",
    "raise OSError(24, 'Too many open files')",
    "import errno, os\n    raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))",
]

CHANCE = [
    ("import random\n\n\ndef pick():\n    return random.random()\n", "assert chance.pick() > {rate}"),
    ("import random\n\n\ndef deal():\n    cards = list(range(6))\n    random.shuffle(cards)\n    return cards[0]\n",
     "assert chance.deal() % 2 == 0"),
    ("def first(words):\n    return next(iter(set(words)))\n", "assert chance.first(['ant', 'bee']) == 'ant'"),
    ("import time\n\n\ndef tick():\n    return time.time_ns() // 1000 % 10\n", "assert chance.tick() >= 4"),
    ("import datetime\n\n\ndef today():\n    return datetime.datetime.now()\n", "assert chance.today().weekday() == {other_day}"),
    ("import datetime\n\n\ndef hour():\n    return datetime.datetime.now().hour\n",
     "assert (chance.hour() + {shift}) % 24 >= 12"),
    ("import threading\nimport time\nimport random\n\n\ndef collect():\n    out = []\n    threading.Thread(target=lambda: "
     "(time.sleep(random.uniform(0, 0.02)), out.append(1))).start()\n    return out\n",
     "out = chance.collect(); __import__('time').sleep(0.01); assert out == [1]"),
    ("import time\n\n\ndef stamp():\n    return int(time.time())\n", "assert chance.stamp() % 2 == 0"),
    ("import uuid\n\n\ndef token():\n    return uuid.uuid4().hex\n", "assert chance.token()[0] in '01234567'"),
    ("import os\n\n\ndef seed():\n    return os.urandom(1)[0]\n", "assert chance.seed() < 140"),
]


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)) or root, exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as f:
            f.write(text)


def test_file(style, imports, tests):
    """tests: (name, body) in order."""
    head = "".join("import %s\n" % i for i in imports)
    if style == "unittest":
        body = "".join("    def %s(self):\n%s\n" % (n, textwrap.indent(b, "        ")) for n, b in tests)
        return head + "import unittest\n\n\nclass Suite(unittest.TestCase):\n" + body
    return head + "".join("\n\ndef %s():\n%s\n" % (n, textwrap.indent(b, "    ")) for n, b in tests)


def filler(rng, module, tests, name, n):
    out = []
    for i in range(n):
        body = "from %s import %s\n%s" % (module, name, rng.choice(tests))
        out.append(("test_%c%02d_%s" % ("abcdefgh"[i % 8], i, module), body))
    return out


def order_case(rng, product, style):
    module, text, tests, name = product
    shared, pollute, want = rng.choice(SHARED)
    several = filler(rng, module, tests, name, rng.randint(2, 24))
    several.sort()
    at = sorted(rng.sample(range(len(several) + 1), 2)) if len(several) > 1 else [0, 1]
    polluter = ("test_m_sets", pollute)
    victim = ("test_z_wants", want)
    if style == "unittest":  # runs by name
        several += [polluter, victim]
        files = {"test_all.py": test_file(style, ["shared"], sorted(several))}
    elif rng.random() < 0.5:
        several.insert(at[0], polluter)
        several.insert(at[1] + 1, victim)
        files = {"test_all.py": test_file(style, ["shared"], several)}
    else:
        files = {"tests/test_a.py": test_file(style, ["shared"], several[:at[0]] + [polluter]),
                 "tests/test_b.py": test_file(style, ["shared"], several[at[0]:] + [victim]), "conftest.py": ""}
    return dict(files, **{module + ".py": text, "shared.py": shared})


def around_case(rng, product, style):
    module, text, tests, name = product
    trouble = rng.choice(AROUND).replace("{port}", str(rng.randint(20000, 60000)))
    body = trouble.replace("\n    ", "\n")
    several = filler(rng, module, tests, name, rng.randint(1, 6)) + [("test_service", body)]
    return {module + ".py": text, "test_all.py": test_file(style, [], several)}


def chance_case(rng, product, style):
    module, text, tests, name = product
    chance, want = rng.choice(CHANCE)
    now = time.localtime()
    want = want.replace("{rate}", "%.2f" % rng.uniform(0.3, 0.6)).replace(
        "{other_day}", str((now.tm_wday + 1) % 7)).replace("{shift}", str(-now.tm_hour % 24))
    several = filler(rng, module, tests, name, rng.randint(1, 6))
    several.insert(rng.randint(0, len(several)), ("test_lucky", want))
    return {module + ".py": text, "chance.py": chance, "test_all.py": test_file(style, ["chance"], several)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    print("seed", args.seed)
    kinds = [("order", order_case)] * 60 + [("around", around_case)] * 25 + [("chance", chance_case)] * 15
    for i in range(args.count):
        kind, make = kinds[i * 100 // args.count]
        style = rng.choice(["pytest", "pytest", "unittest"])
        files = make(rng, rng.choice(PRODUCT), style)
        root = os.path.join(args.out, "%03d-%s" % (i, kind))
        write(os.path.join(root, "repo"), files)
        command = "python3 -m unittest -q" if style == "unittest" else "python3 -m pytest -q -p no:cacheprovider"
        with open(os.path.join(root, "case.json"), "w", encoding="utf-8") as f:
            json.dump({"id": "%03d-%s" % (i, kind), "kind": kind, "test_command": command}, f)


if __name__ == "__main__":
    main()

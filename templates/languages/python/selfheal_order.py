"""Runs a command's tests alone, in another order, from a fixed seed; tells which ones were run.

What is asked for is a JSON file: {"only": [identifiers] or null, "reversed": bool, "seed": int or null,
"ran": path}. The identifiers of the tests kept, in their order, are appended to the file "ran".
"""
import json
import os
import sys


class Order:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            asked = json.load(f)
        self.only, self.reversed, self.seed = asked["only"], asked["reversed"], asked["seed"]
        self.ran = asked["ran"]

    def arrange(self, tests, name_of):
        """The tests wanted, in the order wanted: that of "only" where it names them."""
        from selfheal_tests import same_test

        if self.only is not None:
            exact = {name_of(t): t for t in tests}
            kept = []
            for name in self.only:
                if name in exact:
                    kept.append(exact[name])
                else:
                    kept += [t for t in tests if same_test(name, name_of(t)) and t not in kept]
            tests = kept
        if self.reversed:
            tests = tests[::-1]
        with open(self.ran, "a", encoding="utf-8", errors="backslashreplace") as f:
            f.write("".join(name_of(t) + "\n" for t in tests))
        return tests

    def plant(self):
        """The same random numbers for each test."""
        if self.seed is None:
            return
        import random

        random.seed(self.seed)
        numpy = sys.modules.get("numpy")
        if numpy is not None:
            numpy.random.seed(self.seed % 2**32)


order = None  # of this process


def start(path):
    """Called at the interpreter's start."""
    global order
    import selfheal_unittest

    order = Order(path)
    options = os.environ.get("PYTEST_ADDOPTS", "")
    if "selfheal_pytest_order" not in options:
        os.environ["PYTEST_ADDOPTS"] = ("-p selfheal_pytest_order " + options).strip()
    order.plant()
    selfheal_unittest.on_runner(_arrange_unittest)


def _arrange_unittest(runner):
    plain = runner.TextTestRunner.run

    def run(self, suite):
        import unittest

        from selfheal_unittest import flatten

        cases = order.arrange(flatten(suite), lambda case: case.id())
        order.plant()
        return plain(self, unittest.TestSuite(cases))

    runner.TextTestRunner.run = run

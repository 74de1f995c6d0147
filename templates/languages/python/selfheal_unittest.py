"""unittest: the tests of a suite that TextTestRunner is about to run."""
import os
import sys
from importlib.machinery import PathFinder

import selfheal_boot

_RUNNER = "unittest.runner"


class _Watch:
    """A finder that lets the first import of unittest.runner pass and then wraps it."""

    def __init__(self, wrap):
        self.wrap = wrap

    def find_spec(self, name, path=None, target=None):
        if name != _RUNNER:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            plain = spec.loader.exec_module

            def exec_module(module):
                plain(module)
                self.wrap(module)

            spec.loader.exec_module = exec_module
        return spec


def on_runner(wrap):
    """Calls wrap(unittest.runner) once that is imported."""
    if _RUNNER in sys.modules:
        wrap(sys.modules[_RUNNER])
    else:
        sys.meta_path.insert(0, _Watch(wrap))


def hook_runner():
    on_runner(_wrap_to_serve)


def _wrap_to_serve(runner):
    plain = runner.TextTestRunner.run

    def run(self, suite):
        if selfheal_boot.candidate is not None:
            _try(selfheal_boot.candidate, suite)
        elif selfheal_boot.link is not None:
            import selfheal_suite

            selfheal_suite.arrive(_suite_of(suite))
        return plain(self, suite)

    runner.TextTestRunner.run = run


def flatten(suite):
    """The test cases of nested suites, in order."""
    cases = []
    todo = [suite]
    while todo:
        item = todo.pop()
        if hasattr(item, "run") and not hasattr(item, "__iter__"):
            cases.append(item)
        else:
            todo += reversed(list(item))
    return cases


def is_uncollected(case):
    return type(case).__name__ in ("_FailedTest", "ModuleImportFailure", "LoadTestsFailure")


def _test_of(case):
    from selfheal_tests import Test

    if is_uncollected(case):
        return Test(getattr(case, "_testMethodName", ""), "?", False, None)
    cls = type(case)
    return Test(case.id(), file_of(cls), is_simple(cls), runner_of(case))


def _suite_of(collected):
    from selfheal_tests import Suite

    class Loaded(Suite):
        def can_renew(self):
            return not any(t.ident.startswith("__main__") for t in self.tests + self.lost)

        def renew(self, tests):
            import unittest

            loader = unittest.TestLoader()
            fresh = loader.loadTestsFromNames([test.ident for test in tests])
            return [_loaded(case) for case in flatten(fresh)]

    found = [_test_of(case) for case in flatten(collected)]
    return Loaded([t for t in found if t.run], [t for t in found if not t.run])


def _loaded(case):
    test = _test_of(case)
    if test.run is None:
        raise getattr(case, "_exception", ImportError(test.ident))
    return test


def file_of(cls):
    module = sys.modules.get(cls.__module__)
    return getattr(module, "__file__", None) or "?"


def is_simple(cls):
    """Whether a fresh instance is all the state there is."""
    import unittest

    base = unittest.TestCase
    module = sys.modules.get(cls.__module__)
    return (
        cls.setUpClass.__func__ is base.setUpClass.__func__
        and cls.tearDownClass.__func__ is base.tearDownClass.__func__
        and cls.run is base.run
        and not hasattr(module, "setUpModule")
        and not hasattr(module, "tearDownModule")
    )


def runner_of(case):
    """A function that runs the case: on a new instance if it can be had."""
    cls = type(case)
    name = getattr(case, "_testMethodName", None)
    fresh = name is not None and cls.__init__ is _test_case_init() and is_simple(cls)
    return lambda alone: run_case(cls(name) if fresh else case, fresh)


def _test_case_init():
    import unittest

    return unittest.TestCase.__init__


def run_case(case, directly):
    """None, or the Outcome of the failure."""
    import unittest

    result = _result_class()()
    result.file = os.path.realpath(file_of(type(case)))
    if directly:
        case.run(result)
    else:
        unittest.TestSuite([case]).run(result)
    return result.outcome


def _result_class():
    import unittest

    from selfheal_script import failure_of
    from selfheal_wire import FAILED, Outcome

    class Result(unittest.TestResult):
        outcome = None
        file = ""

        def _keep(self, error):
            if self.outcome is None:
                self.outcome = failure_of(error[1], self.file)

        def addError(self, test, err):
            self._keep(err)

        def addFailure(self, test, err):
            self._keep(err)

        def addSubTest(self, test, subtest, err):
            if err is not None:
                self._keep(err)

        def addSkip(self, test, reason):
            self.outcome = self.outcome or Outcome(FAILED, "skipped: " + str(reason)[:200])

        def addUnexpectedSuccess(self, test):
            self.outcome = self.outcome or Outcome(FAILED, "unexpected success")

        def addExpectedFailure(self, test, err):
            pass

        addSuccess = startTest = stopTest = lambda self, test: None

    return Result


def _try(candidate, suite):
    from selfheal_tests import judge_cold

    tests = []
    for case in flatten(suite):
        test = _test_of(case)
        if test.run is None:  # runs into the error that kept it from being loaded
            test.run = runner_of(case)
        tests.append(test)
    candidate.finish(judge_cold(candidate.settings, tests))

"""pytest: a plugin that forks off the front before anything of the project is imported, and serves
once the tests are collected."""
import inspect
import os

import pytest
import selfheal_boot
from selfheal_patched import project_modules
from selfheal_script import failure_of
from selfheal_tests import Suite, Test, judge_cold
from selfheal_wire import FAILED, Outcome

_SETUPS = ("_xunit_setup", "_unittest_setup", "unittest_setup", "xunit_setup")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    if selfheal_boot.front_wanted and _is_plain_run(early_config):
        selfheal_boot.fork_front()
    if selfheal_boot.candidate is not None or selfheal_boot.link is not None:
        _capture_in_memory(early_config)


def _is_plain_run(config):
    options = config.known_args_namespace
    asked = ("help", "version", "collectonly", "showfixtures", "show_fixtures_per_test", "markers")
    return not any(getattr(options, name, False) for name in asked)


def _capture_in_memory(config):
    """Children share the descriptors of a file that captures output; memory they do not."""
    manager = config.pluginmanager.getplugin("capturemanager")
    if selfheal_boot.candidate is None or getattr(manager, "_method", None) != "fd":
        return
    switch_capture(manager)


def switch_capture(manager):
    kept = [os.dup(1), os.dup(2)]
    manager.stop_global_capturing()
    manager._method = "sys"
    manager.start_global_capturing()
    for fd, copy in zip((1, 2), kept):
        os.dup2(copy, fd)
        os.close(copy)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    if selfheal_boot.candidate is None and selfheal_boot.link is None:
        return
    for name, value in (("numprocesses", None), ("dist", "no"), ("tx", []), ("maxfail", 0)):
        if hasattr(config.option, name):
            setattr(config.option, name, value)


def pytest_ignore_collect(config, **paths):
    """A candidate's process collects only the files of the targets."""
    if selfheal_boot.candidate is None:
        return None
    path = str(paths.get("collection_path") or paths.get("path"))
    wanted = target_files(selfheal_boot.candidate.settings, selfheal_boot.root())
    if not wanted or not path.endswith(".py") or not os.path.isfile(path):
        return None
    name = os.path.basename(path)
    if name in ("conftest.py", "__init__.py"):
        return None
    return True if os.path.realpath(path) not in wanted else None


def target_files(settings, root):
    """The files that the targets' identifiers name; empty unless each names one."""
    files = set()
    for target in settings.get("targets", ()):
        path = target["id"].split("::")[0]
        if not path.endswith(".py"):
            return set()
        for folder in (root, os.getcwd()):
            files.add(os.path.realpath(os.path.join(folder, path)))
    return files


_lost = []  # collectors that failed
_early = set()  # project modules that were there before collection: conftest files and theirs


@pytest.hookimpl(tryfirst=True)
def pytest_collection():
    _early.update(project_modules())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        _lost.append(collector)
        if selfheal_boot.candidate is not None:
            selfheal_boot.candidate.broken = str(report.longrepr)[-3000:]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    if session.config.option.collectonly:
        return
    if selfheal_boot.candidate is not None:
        _try(selfheal_boot.candidate, session)
    elif selfheal_boot.link is not None:
        import selfheal_suite

        selfheal_suite.arrive(_Collected(session))


def _try(candidate, session):
    broken = getattr(candidate, "broken", None)
    if broken is not None:
        candidate.finish(Outcome(FAILED, broken, passed=0, failed=1))
    candidate.finish(judge_cold(candidate.settings, [as_test(item) for item in session.items]))


class _Collected(Suite):
    def __init__(self, session):
        self.session = session
        lost = [Test(node.nodeid, str(node.fspath), False, None, node) for node in _lost]
        Suite.__init__(self, [as_test(item) for item in session.items], lost)

    def can_renew(self):
        """Not if a conftest has imported parts of the project: it would hold the old ones."""
        early = [path for name, path in project_modules().items() if name in _early]
        modules = [_module_of(test.node) for test in self.tests + self.lost]
        return all(os.path.basename(path) == "conftest.py" for path in early) and all(modules)

    def kept_modules(self):
        return _early

    def own_loading(self):
        files = set(test.file for test in self.tests)
        _rewrite_once(files, self.session.config)
        return files

    def renew(self, tests):
        found = []
        for old in _unique(_module_of(test.node) for test in tests):
            fresh = type(old).from_parent(old.parent, **_place_of(old))
            found += [as_test(item) for item in _items_of(self.session, fresh)]
        wanted = set(test.ident for test in tests)
        lost = set(test.ident for test in tests if test.run is None)
        return [t for t in found if t.ident in wanted or t.ident.split("::")[0] in lost]

    def settle(self):
        manager = self.session.config.pluginmanager.getplugin("capturemanager")
        if getattr(manager, "_method", None) == "fd":
            switch_capture(manager)


def _rewrite_once(files, config):
    """Asserts of these files are rewritten now and not again in each child."""
    from _pytest.assertion import rewrite

    plain = getattr(rewrite, "_rewrite_test", None)
    made = {}
    for file in files if plain else ():
        try:
            made[file] = plain(type(config.rootpath)(file), config)
        except Exception:  # another version's signature, or a file that is none
            continue
    if made:
        rewrite._rewrite_test = lambda fn, config: made.get(os.fspath(fn)) or plain(fn, config)


def _module_of(node):
    """The collector of the node's file, if it is a plain module of tests."""
    module = node.getparent(pytest.Module)
    return module if type(module) is pytest.Module and hasattr(module, "from_parent") else None


def _unique(things):
    return list(dict.fromkeys(things))


def _place_of(module):
    return {"path": module.path} if hasattr(module, "path") else {"fspath": module.fspath}


def _items_of(session, collector):
    from _pytest.runner import collect_one_node

    report = collect_one_node(collector)
    if not report.passed:
        raise ImportError(str(report.longrepr)[-3000:])
    return [item for node in report.result for item in session.genitems(node)]


def as_test(item):
    direct = _direct_call(item)
    return Test(item.nodeid, str(item.fspath), direct is not None, _runner_of(item, direct), item)


def _runner_of(item, direct):
    file = os.path.realpath(str(item.fspath))

    def run(alone):
        if direct is not None and not alone:
            return _call(direct, file)
        return _protocol(item, file)

    return run


def _call(direct, file):
    try:
        outcome = direct()
    except BaseException as error:
        return failure_of(error, file)
    return outcome


def _protocol(item, file):
    """The item with its fixtures and marks, as pytest runs it."""
    from _pytest.runner import runtestprotocol

    for report in runtestprotocol(item, log=False, nextitem=None):
        if not report.passed:
            return _outcome_of(report, file)
    return None


def _outcome_of(report, file):
    longrepr = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    if crash is None:
        return Outcome(FAILED, str(longrepr)[-3000:], passed=0, failed=1)
    line = crash.lineno if os.path.realpath(str(crash.path)) == file else 0
    for entry in getattr(getattr(longrepr, "reprtraceback", None), "reprentries", ()):
        place = getattr(entry, "reprfileloc", None)
        if place and os.path.realpath(os.path.join(os.getcwd(), str(place.path))) == file:
            line = place.lineno
    where = "%s:%d" % (os.path.basename(str(crash.path)), crash.lineno)
    return Outcome(FAILED, crash.message[:4000], line, passed=0, failed=1, where=where)


def _direct_call(item):
    """A function that runs the item's test with nothing around it, or None if it needs more."""
    function = getattr(item, "function", None)
    if function is None or list(item.iter_markers()) and not _only_parametrized(item):
        return None
    cls = getattr(item, "cls", None)
    if cls is not None and hasattr(cls, "_testMethodName") or _is_unittest(cls):
        return _direct_case(item, cls)
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        return None
    params = getattr(getattr(item, "callspec", None), "params", {})
    if set(item.fixturenames) - set(params):
        return None
    if getattr(item.session.config.option, "doctestmodules", False):
        return None
    if cls is None:
        return lambda: function(**params) and None
    if cls.__init__ is not object.__init__:
        return None
    name = getattr(item, "originalname", None) or item.name
    return lambda: getattr(cls(), name)(**params) and None


def _only_parametrized(item):
    return all(mark.name == "parametrize" for mark in item.iter_markers())


def _is_unittest(cls):
    import unittest

    return isinstance(cls, type) and issubclass(cls, unittest.TestCase)


def _direct_case(item, cls):
    import selfheal_unittest

    extra = [name for name in item.fixturenames if not name.lstrip("_").startswith(_SETUPS)]
    if extra or not selfheal_unittest.is_simple(cls):
        return None
    return lambda: selfheal_unittest.run_case(cls(item.name), True)

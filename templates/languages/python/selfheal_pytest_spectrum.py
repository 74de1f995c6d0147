"""pytest: a plugin that tells the tracer where tests begin and end."""
import pytest
import selfheal_spectrum

_failed = set()
_skipped = set()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    for name, value in (("numprocesses", None), ("dist", "no"), ("tx", [])):
        if hasattr(config.option, name):
            setattr(config.option, name, value)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    recorder = selfheal_spectrum.recorder
    begun = recorder is not None and recorder.begin(item.nodeid)
    yield
    if begun:
        skipped = item.nodeid in _skipped and item.nodeid not in _failed
        recorder.end(None if skipped else item.nodeid not in _failed)


def pytest_runtest_logreport(report):
    if report.failed:
        _failed.add(report.nodeid)
    elif report.skipped:
        _skipped.add(report.nodeid)


def pytest_collectreport(report):
    """What cannot even be loaded fails with all that ran so far."""
    recorder = selfheal_spectrum.recorder
    if report.failed and recorder is not None:
        recorder.record(report.nodeid, False, recorder.tracer.take())

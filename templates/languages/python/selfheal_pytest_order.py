"""pytest: a plugin that keeps and orders the tests as selfheal_order says."""
import pytest
import selfheal_order


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    for name, value in (("numprocesses", None), ("dist", "no"), ("tx", [])):
        if hasattr(config.option, name):
            setattr(config.option, name, value)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    kept = selfheal_order.order.arrange(items, lambda item: item.nodeid)
    dropped = [item for item in items if item not in kept]
    items[:] = kept
    if dropped:
        config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    selfheal_order.order.plant()

"""What this process is to selfheal: asked once at interpreter start, and by the adapters later."""
import os
import sys

ENV_SOCKET = "SELFHEAL_SOCKET"
ENV_SPECTRUM = "SELFHEAL_SPECTRUM"
ENV_PATCHED = "SELFHEAL_PATCHED"
ENV_ROOT = "SELFHEAL_ROOT"
ENV_ORDER = "SELFHEAL_ORDER"

# One record a process; the adapters (pytest plugin, unittest hook, script runner) read it.
link = None  # to the front, in a process that should serve if it has the failing tests
calls = None  # CallLog, running in such a process
candidate = None  # what a forked child has to try with its natural course
front_wanted = False  # nobody has forked off a front yet


def root():
    """The project's folder with a slash at its end."""
    return os.path.join(os.path.realpath(os.environ.get(ENV_ROOT) or os.getcwd()), "")


def start():
    """Called by sitecustomize. Whatever goes wrong here, the program runs on without us."""
    try:
        if ENV_PATCHED in os.environ:
            import selfheal_patched

            selfheal_patched.start_nested(os.environ[ENV_PATCHED])
        elif ENV_SPECTRUM in os.environ:
            import selfheal_spectrum

            selfheal_spectrum.start(os.environ[ENV_SPECTRUM])
        elif ENV_ORDER in os.environ:
            import selfheal_order

            selfheal_order.start(os.environ[ENV_ORDER])
        elif ENV_SOCKET in os.environ:
            _start_serving()
    except Exception:
        if os.environ.get("SELFHEAL_DEBUG"):
            raise


def _start_serving():
    global front_wanted
    import selfheal_script
    import selfheal_unittest

    front_wanted = True
    plug_pytest()
    selfheal_unittest.hook_runner()
    command = selfheal_script.this_command()
    if command is not None and command.is_ours(root()):
        fork_front(command)


def plug_pytest():
    """Has pytest, should this process or one it starts run it, load our plugin."""
    options = os.environ.get("PYTEST_ADDOPTS", "")
    if "selfheal_pytest" not in options:
        os.environ["PYTEST_ADDOPTS"] = ("-p selfheal_pytest " + options).strip()


def fork_front(command=None):
    """Splits this process: the parent stays here as the front, which serves the accelerator or
    ends as the other ends; the other returns and goes on. A child of the front that tries a
    candidate returns too, with candidate set; with a command, the command is run instead."""
    global front_wanted, link, calls, candidate
    import selfheal_front
    from selfheal_warm import CallLog

    front_wanted = False
    sys.stdout and sys.stdout.flush()
    sys.stderr and sys.stderr.flush()
    try:
        link, candidate = selfheal_front.split(os.environ[ENV_SOCKET])
    except OSError:  # no process or descriptor to be had: the program runs without us
        return
    if candidate is None:
        calls = CallLog(root())
        calls.start()
        return
    os.environ.pop(ENV_SOCKET, None)
    candidate.enter()
    if command is not None:
        command.run(candidate)

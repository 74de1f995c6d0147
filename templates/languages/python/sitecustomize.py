"""First on PYTHONPATH, so the interpreter imports this at its start: lets selfheal in, then gives
way to the sitecustomize that would have been found without it."""
import os
import sys


def _enter():
    if sys.version_info < (3, 6):
        return
    try:
        import selfheal_boot
    except ImportError:
        return
    selfheal_boot.start()


def _chain():
    here = os.path.dirname(os.path.abspath(__file__))
    rest = [p for p in sys.path if os.path.abspath(p) != here]
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        code = spec.loader.get_code("sitecustomize")
        if code is not None:
            globals()["__file__"] = spec.origin
            exec(code, globals())


try:
    _chain()
finally:
    _enter()

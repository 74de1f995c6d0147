"""Patched sources in place of the files on disk: for imports, for pytest's rewriting of asserts, for
the main script, and for the Python processes that the tests start."""
import ast
import json
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader

import selfheal_boot


class Patches:
    """{path: bytes}, and which of them somebody has loaded."""

    def __init__(self, files):
        self.files = {os.path.realpath(path): data for path, data in files.items()}
        self.loaded = set()
        self.written = None

    def get(self, path):
        """The patched bytes of a file, or None."""
        if not self.files:
            return None
        path = os.path.realpath(os.fspath(path))
        data = self.files.get(path)
        if data is not None:
            self.loaded.add(path)
        return data

    def unseen(self):
        return sorted(set(self.files) - self.loaded)

    def install(self):
        """Serves them in this process and, should it start others, there."""
        if not self.files:
            return
        sys.meta_path.insert(0, _Finder(self))
        _forget_loaded(self.files)
        hook_pytest(self)
        hook_spawn(lambda: self)

    def hand_on(self):
        """Lets the processes started from now on find the patches."""
        if self.written is None:
            import tempfile

            fd, self.written = tempfile.mkstemp(prefix="selfheal-")
            files = {path: data.decode("latin-1") for path, data in self.files.items()}
            os.write(fd, json.dumps(files).encode("ascii"))
            os.close(fd)
        self.loaded |= set(self.files)
        os.environ[selfheal_boot.ENV_PATCHED] = self.written


class _Finder:
    def __init__(self, patches):
        self.patches = patches

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        if os.path.realpath(spec.origin) not in self.patches.files:
            return None
        spec.loader = _Loader(spec.loader.name, spec.loader.path, self.patches)
        spec.cached = None
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name, path, patches):
        SourceFileLoader.__init__(self, name, path)
        self.patches = patches

    def get_data(self, path):
        data = self.patches.get(path)
        return SourceFileLoader.get_data(self, path) if data is None else data

    def get_code(self, name):
        path = self.get_filename(name)
        return self.source_to_code(self.get_data(path), path)


def _forget_loaded(files):
    """Modules of patched files that are loaded already, with what may have imported from them."""
    root = selfheal_boot.root()
    paths = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and name != "__main__" and not name.startswith("selfheal_"):
            paths[name] = os.path.realpath(path)
    if not set(paths.values()) & set(files):
        return
    for name, path in paths.items():
        if path.startswith(root) and "site-packages" not in path:
            sys.modules.pop(name, None)


def hook_pytest(patches):
    """Test modules and conftest files go through pytest's own loader, which reads them itself."""
    rewrite = sys.modules.get("_pytest.assertion.rewrite")
    plain = getattr(rewrite, "_rewrite_test", None)
    if plain is None:
        return

    def rewritten(fn, config):
        data = patches.get(fn)
        if data is None:
            return plain(fn, config)
        tree = ast.parse(data, filename=os.fspath(fn))
        try:
            rewrite.rewrite_asserts(tree, data, os.fspath(fn), config)
        except TypeError:  # another version's signature: asserts stay as written
            pass
        return os.stat(fn), compile(tree, os.fspath(fn), "exec", dont_inherit=True)

    read_pyc = rewrite._read_pyc

    def no_stale_pyc(source, *args, **kwargs):
        known = os.path.realpath(os.fspath(source)) in patches.files
        return None if known else read_pyc(source, *args, **kwargs)

    rewrite._rewrite_test = rewritten
    rewrite._read_pyc = no_stale_pyc
    rewrite._write_pyc = lambda *args, **kwargs: False


def hook_spawn(current):
    """current() gives the Patches that a process started now should run under, or None."""
    import subprocess

    plain_init, plain_system = subprocess.Popen.__init__, os.system

    def hand_on():
        patches = current()
        if patches is not None:
            patches.hand_on()

    def init(self, *args, **kwargs):
        hand_on()
        if kwargs.get("env") is not None and selfheal_boot.ENV_PATCHED in os.environ:
            kwargs["env"] = dict(kwargs["env"])
            for name in (selfheal_boot.ENV_PATCHED, selfheal_boot.ENV_ROOT, "PYTHONPATH"):
                kwargs["env"].setdefault(name, os.environ.get(name, ""))
        return plain_init(self, *args, **kwargs)

    def system(command):
        hand_on()
        return plain_system(command)

    subprocess.Popen.__init__ = init
    os.system = system


def start_nested(path):
    """In a Python process started by a candidate's tests."""
    with open(path) as file:
        files = {p: data.encode("latin-1") for p, data in json.load(file).items()}
    patches = Patches(files)
    sys.meta_path.insert(0, _Finder(patches))
    import selfheal_script

    command = selfheal_script.this_command()
    if command is not None and patches.get(command.path or "") is not None:
        command.run_and_exit(patches)

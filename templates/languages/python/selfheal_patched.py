"""Patched sources in place of the files on disk: for imports, for the main script, and for the Python processes that the tests start."""
import contextlib
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
        if self.files:
            self.install_imports()
            hook_spawn(lambda: self)

    def install_imports(self):
        sys.meta_path.insert(0, _Finder(self, {}))

    @contextlib.contextmanager
    def imports(self, codes):
        """Meanwhile imports give the patched files; codes: {path: code} of others, compiled."""
        finder = _Finder(self, codes)
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)

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
    def __init__(self, patches, codes):
        self.patches, self.codes = patches, codes

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader:
            return None
        real = os.path.realpath(spec.origin)
        if real not in self.patches.files and real not in self.codes:
            return None
        code = None if real in self.patches.files else self.codes[real]
        spec.loader = _Loader(spec.loader.name, spec.loader.path, self.patches, code)
        spec.cached = None
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name, path, patches, code):
        SourceFileLoader.__init__(self, name, path)
        self.patches, self.code = patches, code

    def get_data(self, path):
        data = self.patches.get(path)
        return SourceFileLoader.get_data(self, path) if data is None else data

    def get_code(self, name):
        if self.code is not None:
            return self.code
        path = self.get_filename(name)
        return self.source_to_code(self.get_data(path), path)


def project_modules():
    """{name: path} of the loaded modules that are the project's."""
    root = selfheal_boot.root()
    found = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or name == "__main__" or name.startswith("selfheal_"):
            continue
        real = os.path.realpath(path)
        if real.startswith(root) and "site-packages" not in real:
            found[name] = real
    return found


def compile_all(paths):
    """{path: code} of those that can be read and compiled."""
    codes = {}
    for path in paths:
        try:
            with open(path, "rb") as file:
                codes[path] = compile(file.read(), path, "exec", 0, True)
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return codes


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
    patches.install_imports()
    import selfheal_script

    command = selfheal_script.this_command()
    if command is not None and patches.get(command.path or "") is not None:
        command.run_and_exit(patches)

"""What the project's modules hold, so that candidates can follow one another in one process."""
import collections
import functools
import operator
import os
import random
import sys
import types

_PLAIN = (
    type(None),
    int,
    float,
    complex,
    str,
    bytes,
    range,
    slice,
    type(Ellipsis),
    type(NotImplemented),
    types.CodeType,
    types.ModuleType,
    types.BuiltinFunctionType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    type(object.__init__),
    type(str.join),
    type(dict.__dict__["fromkeys"]),
)
_DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
# Modules whose instances are taken for values that no candidate changes.
_PLAIN_MODULES = frozenset(
    "re _sre typing enum pathlib decimal _decimal fractions datetime _pytest pytest collections.abc"
    " abc uuid _struct operator string functools __future__ typing_extensions types logging"
    " importlib _frozen_importlib_external _frozen_importlib zoneinfo time builtins".split()
)
ROWS_MAX = 3000  # containers looked at after each candidate
THINGS_MAX = 300000


class State:
    """The mutable things that the project's modules hold, with a copy of what each held: to see
    whether a candidate left something behind, and to put it right. sound is False when there is
    something that cannot be looked into: then every candidate needs its own process."""

    def __init__(self, modules, root):
        self.root = root
        self.sound = True
        self.kept = {}
        self.rows = []
        todo = [vars(module) for module in modules]
        while todo and self.sound:
            todo += self._visit(todo.pop())
        self.cwd = os.getcwd()
        self.environ = dict(os.environ)
        self.modules = set(sys.modules)
        self.path = list(sys.path)
        self.random = random.getstate()

    def _visit(self, thing):
        if isinstance(thing, _PLAIN) or id(thing) in self.kept:
            return ()
        self.kept[id(thing)] = thing
        parts = self._parts(thing)
        if len(self.rows) > ROWS_MAX or len(self.kept) > THINGS_MAX:
            self.sound = False
        return parts

    def _parts(self, thing):
        kind = type(thing)
        if isinstance(thing, dict):
            return self._dict(thing)
        if isinstance(thing, (list, collections.deque, bytearray)):
            self.rows.append((_list_same, _list_restore, thing, list(thing)))
            return () if kind is bytearray else list(thing)
        if isinstance(thing, set):
            self.rows.append((operator.eq, _set_restore, thing, set(thing)))
            return list(thing)
        if isinstance(thing, (tuple, frozenset)):
            return list(thing)
        if kind is types.FunctionType:
            return self._function(thing)
        if isinstance(thing, type):
            return self._class(thing)
        return self._object(thing, kind)

    def _dict(self, thing):
        if type(thing) not in _DICTS:
            self.sound = False
        self.rows.append((_dict_same, _dict_restore, thing, dict(thing)))
        return [v for k, v in thing.items() if k != "__builtins__"]

    def _function(self, function):
        if not self._ours(function.__code__.co_filename):
            return ()
        parts = [function.__defaults__, function.__kwdefaults__]
        if function.__dict__:
            parts.append(function.__dict__)
        for cell in function.__closure__ or ():
            try:
                parts.append(cell.cell_contents)
            except ValueError:
                continue
            self.rows.append((_cell_same, _cell_restore, cell, cell.cell_contents))
        return parts

    def _class(self, cls):
        module = sys.modules.get(cls.__module__)
        if not self._ours(getattr(module, "__file__", None)):
            return ()
        members = {
            k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__", "__doc__")
        }
        self.rows.append((_class_same, _class_restore, cls, members))
        return list(members.values())

    def _object(self, thing, kind):
        if kind in (classmethod, staticmethod, types.MethodType):
            return (thing.__func__, getattr(thing, "__self__", None))
        if kind is property:
            return (thing.fget, thing.fset, thing.fdel)
        if isinstance(thing, functools._lru_cache_wrapper):
            return (thing.__wrapped__,)
        if kind is functools.partial:
            return (thing.func, thing.args, thing.keywords)
        module = kind.__module__
        if module in _PLAIN_MODULES or module.split(".")[0] in ("_pytest", "pytest"):
            return ()
        if kind is object:
            return ()
        if hasattr(kind, "__slots__") or not hasattr(thing, "__dict__"):
            self.sound = False
            return ()
        return (vars(thing),)

    def _ours(self, path):
        return bool(path) and os.path.abspath(path).startswith(self.root)

    def new_project_modules(self):
        """Names of the project's modules that came in since; others that did are accepted."""
        fresh = set(sys.modules) - self.modules
        ours = [n for n in fresh if self._ours(getattr(sys.modules[n], "__file__", None))]
        self.modules |= fresh.difference(ours)
        return ours

    def restore_surroundings(self):
        """Puts right what is not the project's; False when that cannot be done."""
        random.setstate(self.random)
        if os.getcwd() != self.cwd or sys.path != self.path:
            return False
        return os.environ == self.environ

    def restore(self):
        """Puts things right; False when the process must not be used on."""
        if not self.restore_surroundings():
            return False
        if len(sys.modules) != len(self.modules) and self.new_project_modules():
            return False
        for same, restore, thing, copy in self.rows:
            if not same(thing, copy):
                restore(thing, copy)
        return True


def _list_same(now, was):
    return len(now) == len(was) and all(map(operator.is_, now, was))


def _list_restore(now, was):
    now.clear()
    now.extend(was)


def _set_restore(now, was):
    now.clear()
    now.update(was)


def _dict_same(now, was):
    return (
        len(now) == len(was)
        and all(map(operator.is_, now.keys(), was))
        and all(map(operator.is_, now.values(), was.values()))
    )


def _dict_restore(now, was):
    now.clear()
    now.update(was)


def _cell_same(cell, was):
    return cell.cell_contents is was


def _cell_restore(cell, was):
    cell.cell_contents = was


def _class_same(cls, was):
    now = vars(cls)
    return all(now.get(k) is v for k, v in was.items()) and len(now) <= len(was) + 3


def _class_restore(cls, was):
    for name in [k for k in vars(cls) if k not in was]:
        if name not in ("__dict__", "__weakref__", "__doc__"):
            delattr(cls, name)
    for name, value in was.items():
        if vars(cls).get(name) is not value:
            setattr(cls, name, value)

"""Candidates in the living program: the code of changed functions is replaced, and put back."""
import collections
import functools
import gc
import os
import sys
import types

from selfheal_source import Misfit, compile_change

_FUTURES = 0
for _name in __import__("__future__").all_feature_names:
    _FUTURES |= getattr(__import__("__future__"), _name).compiler_flag
_NESTED = 0x10  # CO_NESTED shares its bit with an old future flag
_FUTURES &= ~_NESTED


class CallLog:
    """Which functions of the project ran while it was imported: their effects are baked into the
    modules, so that replacing their code later would not be the whole change."""

    def __init__(self, root):
        self.root = root
        self.seen = {}
        self.hook = None

    def start(self):
        if sys.gettrace() is None:
            self.hook = sys.settrace
        elif sys.getprofile() is None:
            self.hook = sys.setprofile
        if self.hook:
            self.hook(self._note)

    def stop(self):
        if self.hook:
            self.hook(None)
        self.seen = {k: c for k, c in self.seen.items() if c.co_filename.startswith(self.root)}

    def _note(self, frame, event, arg):
        code = frame.f_code
        self.seen.setdefault(id(code), code)

    def has(self, code):
        return id(code) in self.seen


class Live:
    """The function objects of the project's files, by the identity of their code."""

    def __init__(self, root, called):
        self.called = called
        self.by_code = {}
        self.by_place = {}
        self.caches = []
        self.real = {}
        for thing in gc.get_objects():
            if type(thing) is types.FunctionType:
                self._add(thing, root)
            elif isinstance(thing, functools._lru_cache_wrapper):
                self._add_cache(thing, root)

    def _add(self, function, root):
        code = function.__code__
        path = self._real_path(code.co_filename)
        if not path.startswith(root):
            return
        if id(code) not in self.by_code:
            self.by_code[id(code)] = []
            self.by_place.setdefault((path, code.co_name), []).append(code)
        self.by_code[id(code)].append(function)

    def _add_cache(self, cache, root):
        code = getattr(cache.__wrapped__, "__code__", None)
        if code is None or self._real_path(code.co_filename).startswith(root):
            self.caches.append(cache)

    def _real_path(self, name):
        if name not in self.real:
            self.real[name] = os.path.realpath(name)
        return self.real[name]

    def clear_caches(self):
        for cache in self.caches:
            cache.cache_clear()

    def _code_of(self, change):
        """The one code object that the unit's definition made."""
        unit = change.unit
        path = os.path.realpath(change.source.path)
        found = [
            code
            for code in self.by_place.get((path, unit.name), ())
            if unit.first <= code.co_firstlineno <= unit.line
        ]
        if len(found) != 1:
            raise Misfit()
        return found[0]

    def replacements(self, change):
        """[(function, code, defaults, kwdefaults)] that carry the change out; Misfit if they
        cannot."""
        old = self._code_of(change)
        module, new = compile_change(change, old.co_flags & _FUTURES)
        out = []
        pairs = [(old, new)]
        while pairs:
            was, now = pairs.pop()
            if self.called.has(was):
                raise Misfit()
            out += [self._replacement(f, now) for f in self.by_code.get(id(was), ())]
            pairs += self._nested_pairs(was, now)
        if change.header:
            out = _new_defaults(out, module, change.unit, new)
        return out

    def _nested_pairs(self, was, now):
        """Inner functions that are alive outside of a call of the outer one."""
        fresh = collections.defaultdict(list)
        for code in _codes(now):
            fresh[code.co_name].append(code)
        pairs = []
        for code in _codes(was):
            same = fresh[code.co_name]
            if same:
                pairs.append((code, same.pop(0)))
            elif self._is_alive(code):
                raise Misfit()
        return pairs

    def _is_alive(self, code):
        return id(code) in self.by_code or any(self._is_alive(c) for c in _codes(code))

    @staticmethod
    def _replacement(function, code):
        if code.co_freevars != function.__code__.co_freevars:
            raise Misfit()
        return (function, code, function.__defaults__, function.__kwdefaults__)


def _codes(code):
    return [c for c in code.co_consts if isinstance(c, types.CodeType)]


def _new_defaults(out, module, unit, code):
    """The same replacements with the defaults that the new header gives."""
    done = []
    for function, new, old_defaults, old_kwdefaults in out:
        if new is not code:
            done.append((function, new, old_defaults, old_kwdefaults))
            continue
        space = dict(function.__globals__)
        try:
            exec(module, space)
        except Exception:
            raise Misfit()
        made = space[(unit.classes + (unit.name,))[0]]
        for name in (unit.classes + (unit.name,))[1:]:
            made = vars(made)[name]
        made = getattr(made, "__func__", made)
        if not isinstance(made, types.FunctionType):
            raise Misfit()
        done.append((function, new, made.__defaults__, made.__kwdefaults__))
    return done


class Applied:
    """Replacements done on entry and undone on exit."""

    def __init__(self, replacements):
        self.new = replacements
        self.old = [(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f, _, _, _ in self.new]

    def __enter__(self):
        self._set(self.new)

    def __exit__(self, *exc):
        self._set(self.old)

    @staticmethod
    def _set(rows):
        for function, code, defaults, kwdefaults in rows:
            function.__code__ = code
            function.__defaults__ = defaults
            function.__kwdefaults__ = kwdefaults

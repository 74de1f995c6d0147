"""Source files as bytes, the functions in them, and candidates as changes of either.

A unit is a function that is in no other function. A candidate whose edits all fall into units needs
only these compiled again; anything else is tried with the whole patched file."""
import ast
import bisect
import os
import re
import sys
import types

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


class Misfit(Exception):
    """The change does not fit into its function: try the whole file."""


class Unit:
    """A function's place: lines (decorators included), bytes, and the classes around it."""

    __slots__ = ("name", "classes", "first", "line", "start", "define", "body", "end", "indented")

    def __init__(self, node, classes, source):
        self.name, self.classes = node.name, classes
        self.line = node.lineno
        self.first = min([node.lineno] + [d.lineno for d in node.decorator_list])
        self.indented = node.col_offset > 0
        self.start = source.line_start(self.first)
        self.define = source.line_start(node.lineno)
        first = node.body[0]
        self.body = source.line_start(first.lineno)
        if first.lineno == node.lineno:  # "def f(): return 1"
            self.body += first.col_offset
        self.end = source.line_start(node.end_lineno + 1)


class Source:
    """A file as it was when first asked for, with its units."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        self.path = path
        self.starts = [0] + [m.end() for m in _LINE_END.finditer(self.data)]
        self.encoding = _encoding(self.data)
        self.units = self._find_units()
        self.unit_starts = [unit.start for unit in self.units]

    def line_start(self, line):
        """Offset of a 1-based line; the end of the file behind the last."""
        return self.starts[line - 1] if line <= len(self.starts) else len(self.data)

    def _find_units(self):
        if sys.version_info < (3, 8):  # nodes do not know where they end
            return []
        try:
            tree = ast.parse(self.data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
        units = []
        _collect(tree.body, (), self, units)
        return sorted(units, key=lambda unit: unit.start)

    def unit_at(self, start, end):
        """The unit that holds bytes [start, end), or None. What is put between two functions
        may continue the first."""
        at = bisect.bisect_right(self.unit_starts, start) - 1
        if start == end and at > 0 and self.units[at - 1].end == start:
            at -= 1
        if at >= 0 and end <= self.units[at].end:
            return self.units[at]
        return None


def _collect(body, classes, source, units):
    for node in body:
        if isinstance(node, _FUNCTION):
            units.append(Unit(node, classes, source))
        elif isinstance(node, ast.ClassDef):
            _collect(node.body, classes + (node.name,), source, units)
        else:
            for part in ("body", "handlers", "orelse", "finalbody"):
                inner = getattr(node, part, None)
                if isinstance(inner, list):
                    _collect_part(inner, classes, source, units)


def _collect_part(inner, classes, source, units):
    for node in inner:
        if isinstance(node, ast.ExceptHandler):
            _collect(node.body, classes, source, units)
    _collect([n for n in inner if isinstance(n, ast.stmt)], classes, source, units)


def _encoding(data):
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    for line in data.split(b"\n", 2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return found.group(1).decode("ascii")
    return "utf-8"


def minimal(edit, data):
    """The edit without the bytes at its ends that stay as they are."""
    old, text = data[edit.start : edit.end], edit.text
    head = len(os.path.commonprefix([old, text]))
    old, text = old[head:], text[head:]
    tail = len(os.path.commonprefix([old[::-1], text[::-1]]))
    return edit.start + head, edit.end - tail, text[: len(text) - tail]


def apply_edits(data, edits):
    """The file's bytes with (start, end, text) edits done, or None when they do not fit."""
    out = []
    at = 0
    for start, end, text in sorted(edits):
        if start < at or end < start or end > len(data):
            return None
        out += [data[at:start], text]
        at = end
    out.append(data[at:])
    return b"".join(out)


class Change:
    """New source for one unit."""

    def __init__(self, source, unit, chunk, parts):
        self.source, self.unit, self.chunk = source, unit, chunk
        first = unit.start + min(start for start, _, _ in parts)
        last = unit.start + max(end for _, end, _ in parts)
        self.header = first < unit.body
        self.border = first == unit.start or last == unit.end


class Plan:
    """What a candidate changes: per file its patched bytes, and the units if these are all."""

    def __init__(self, edits, sources):
        self.files = {}
        self.units = []
        self.warm = True
        self.anew = None
        by_path = {}
        for edit in edits:
            source = sources.get(edit.path)
            by_path.setdefault(edit.path, []).append(minimal(edit, source.data))
        self.edits = by_path
        for path, changes in by_path.items():
            self._place(sources.get(path), changes)

    def _place(self, source, changes):
        by_unit = {}
        for start, end, text in changes:
            if start == end and not text:
                continue
            unit = source.unit_at(start, end)
            if unit is None or start <= unit.define:  # decorators may change
                self.warm = False
                return
            by_unit.setdefault(unit, []).append((start - unit.start, end - unit.start, text))
        for unit, parts in by_unit.items():
            chunk = apply_edits(source.data[unit.start : unit.end], parts)
            if chunk is None:
                raise ValueError("edits overlap or lie outside of the file")
            self.units.append(Change(source, unit, chunk, parts))

    def patched(self, sources):
        """{path: bytes} of the whole files."""
        files = {}
        for path, changes in self.edits.items():
            files[path] = apply_edits(sources.get(path).data, changes)
            if files[path] is None:
                raise ValueError("edits overlap or lie outside of the file")
        return files


def compile_error(files):
    """What is wrong with the first of {path: bytes} that does not compile, or None."""
    for path, data in files.items():
        try:
            compile(data, path, "exec", 0, True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return "%s: %s" % (type(error).__name__, error)
    return None


class Sources:
    """The files met so far."""

    def __init__(self):
        self.by_path = {}

    def get(self, path):
        if path not in self.by_path:
            self.by_path[path] = Source(path)
        return self.by_path[path]


def compile_change(change, flags):
    """(module code that defines the function alone, the function's code), lines as in the file.
    Raises SyntaxError, ValueError; Misfit when the chunk is not just that function any more."""
    try:
        return _compile_chunk(change.source, change.unit, change.chunk, flags)
    except (SyntaxError, ValueError):
        if change.border:
            raise Misfit()
        raise


def _compile_chunk(source, unit, chunk, flags):
    text = chunk.decode(source.encoding)
    around = unit.classes or (("",) if unit.indented else ())
    lead = "".join(
        "%s%s\n" % (" " * i, "class %s:" % name if name else "if 1:")
        for i, name in enumerate(around)
    )
    tree = compile(lead + text, source.path, "exec", ast.PyCF_ONLY_AST | flags, True)
    body = tree.body
    for _ in around:
        body = _only(body).body
    node = _only(body)
    if not isinstance(node, _FUNCTION) or node.name != unit.name:
        raise Misfit()
    node.decorator_list = []
    module = compile(tree, source.path, "exec", flags, True)
    module = _shift(module, unit.first - 1 - len(around))
    code = module
    for name in unit.classes + (unit.name,):
        code = inner_code(code, name)
    return module, code


def _only(body):
    if len(body) != 1:
        raise Misfit()
    return body[0]


def inner_code(code, name):
    for const in code.co_consts:
        if isinstance(const, types.CodeType) and const.co_name == name:
            return const
    raise Misfit()


def _shift(code, lines):
    """The code object, and those in it, further down in its file."""
    consts = tuple(_shift(c, lines) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_consts=consts, co_firstlineno=max(1, code.co_firstlineno + lines))

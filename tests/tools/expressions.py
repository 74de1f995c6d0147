"""The expressions of GitHub's workflows: ${{ ... }}, as much of them as ours use, with GitHub's own
rules of comparison (text without regard to case, other kinds as numbers) and of truth."""
import json
import re

TOKEN = re.compile(r"""\s*(?:(?P<string>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|(?P<op>==|!=|&&|\|\||[!().,\[\]*]))""", re.VERBOSE)


class Wrong(Exception):
    pass


def tokens(text):
    at = 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if not match:
            raise Wrong(f"cannot read expression at '{text[at:]}'")
        yield match.lastgroup, match.group(match.lastgroup)
        at = match.end()
    yield "end", ""


def is_true(value):
    return not (value is None or value is False or value == "" or value == 0)


def as_text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def as_number(value):
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return float("nan")


def equal(a, b):
    if isinstance(a, str) and isinstance(b, str):
        return a.lower() == b.lower()
    if type(a) is type(b):
        return a == b
    return as_number(a) == as_number(b)


def contains(where, what):
    if isinstance(where, list):
        return any(equal(one, what) for one in where)
    return as_text(what).lower() in as_text(where).lower()


FUNCTIONS = {
    "contains": contains,
    "startswith": lambda a, b: as_text(a).lower().startswith(as_text(b).lower()),
    "fromjson": lambda text: json.loads(text) if as_text(text) else None,
    "always": lambda: True,
}


class Reader:
    """One expression against contexts {"inputs": {...}, "success": callable...}."""

    def __init__(self, text, contexts):
        self.rest = list(tokens(text))
        self.contexts = contexts

    def take(self, *wanted):
        if self.rest[0][1] in wanted and self.rest[0][0] in ("op", "name"):
            return self.rest.pop(0)[1]
        return None

    def need(self, wanted):
        if not self.take(wanted):
            raise Wrong(f"'{wanted}' expected, not '{self.rest[0][1]}'")

    def whole(self):
        value = self.either()
        if self.rest[0][0] != "end":
            raise Wrong(f"'{self.rest[0][1]}' left over")
        return value

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if is_true(value) else other
        return value

    def both(self):
        value = self.compared()
        while self.take("&&"):
            other = self.compared()
            value = other if is_true(value) else value
        return value

    def compared(self):
        value = self.single()
        while op := self.take("==", "!="):
            value = equal(value, self.single()) == (op == "==")
        return value

    def single(self):
        if self.take("!"):
            return not is_true(self.single())
        if self.take("("):
            value = self.either()
            self.need(")")
            return self.members(value)
        kind, text = self.rest.pop(0)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind != "name":
            raise Wrong(f"unexpected '{text}'")
        return self.members(self.named(text))

    def named(self, name):
        if name in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[name]
        if not self.take("("):
            if name not in self.contexts:
                raise Wrong(f"no context '{name}'")
            return self.contexts[name]
        arguments = []
        while not self.take(")"):
            arguments.append(self.either())
            self.take(",")
        function = self.contexts.get(name + "()") or FUNCTIONS.get(name.lower())
        if not function:
            raise Wrong(f"no function '{name}'")
        return function(*arguments)

    def members(self, value):
        while op := self.take(".", "["):
            if op == ".":
                name = self.rest.pop(0)[1]
            else:
                name = self.either()
                self.need("]")
            value = value.get(name) if isinstance(value, dict) else None
        return value


def evaluate(text, contexts):
    return Reader(text, contexts).whole()


def expand(value, contexts):
    """A value of a workflow with each ${{ }} replaced; alone in its text it keeps its kind."""
    if isinstance(value, dict):
        return {key: expand(one, contexts) for key, one in value.items()}
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\$\{\{((?:(?!\}\}).)*)\}\}", value.strip(), re.DOTALL)
    if whole:
        return evaluate(whole.group(1), contexts)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: as_text(evaluate(m.group(1), contexts)), value, flags=re.DOTALL)


def condition(text, contexts):
    """An 'if': an expression with or without ${{ }}; success() is meant unless it asks for a state."""
    text = "true" if text is None else as_text(text)
    text = re.sub(r"^\s*\$\{\{(.*)\}\}\s*$", r"\1", text, flags=re.DOTALL)
    if not re.search(r"\b(success|failure|cancelled|always)\(\)", text):
        text = f"success() && ({text})"
    return is_true(evaluate(text, contexts))

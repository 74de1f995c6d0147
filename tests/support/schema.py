"""A validator for the part of JSON Schema that templates/schemas uses; anything else in a schema is
an error, so that no rule is passed over in silence."""
import re

KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "properties", "required",
         "additionalProperties", "items", "minItems", "maxItems", "enum", "anyOf", "pattern",
         "minimum", "maximum"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name in ("integer", "number"):
        kinds = int if name == "integer" else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def problems(value, schema, root=None, where="$"):
    """What is wrong with value, as a list of texts."""
    root = root or schema
    unknown = set(schema) - KNOWN
    assert not unknown, f"schema uses {unknown}"
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return problems(value, root["$defs"][name], root, where)
    if "anyOf" in schema:
        tries = [problems(value, option, root, where) for option in schema["anyOf"]]
        return [] if [] in tries else min(tries, key=len)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    if "type" in schema and not is_type(value, schema["type"]):
        return [f"{where}: {value!r} is no {schema['type']}"]
    found = []
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{where}: {value!r} is not like {schema['pattern']}")
    if is_type(value, "number") and not (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)):
        found.append(f"{where}: {value!r} is out of range")
    if isinstance(value, list):
        found += in_list(value, schema, root, where)
    if isinstance(value, dict):
        found += in_object(value, schema, root, where)
    return found


def in_list(value, schema, root, where):
    found = []
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        found.append(f"{where}: {len(value)} items")
    for i, item in enumerate(value):
        found += problems(item, schema.get("items", {}), root, f"{where}[{i}]")
    return found


def in_object(value, schema, root, where):
    found = [f"{where}: no {key!r}" for key in schema.get("required", ()) if key not in value]
    for key, item in value.items():
        inner = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
        if inner is False:
            found.append(f"{where}: unknown {key!r}")
        elif inner is not True:
            found += problems(item, inner, root, f"{where}.{key}")
    return found

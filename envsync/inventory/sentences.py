"""Turns what pydantic says about a file's shape into sentences for whoever wrote the file."""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from envsync.inventory.document import Document, Path, described, quoted
from envsync.inventory.problems import Problem, listed, suggestion
from envsync.inventory.shape_at import shape_at
from envsync.inventory.yaml_lines import scalar

_A_MAPPING = "a mapping of keys to values"
_A_SIZE = 'a size such as "500GiB" or "1.5TB"'
_ACCEPTED = {
    "bool_type": "true or false",
    "byte_size": _A_SIZE,
    "byte_size_unit": _A_SIZE,
    "dict_type": _A_MAPPING,
    "enum": "{expected}",
    "greater_than_equal": "{ge} or more",
    "int_type": "a whole number",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "mistake": "{accepted}",
    "model_attributes_type": _A_MAPPING,
    "model_type": _A_MAPPING,
    "string_type": "text, in quotes where it looks like a number, true or false",
    "tuple_type": "a list",
    "value_error": "{error}",
}
_PLAIN = {"bool_type": bool, "int_type": int}
# Where a key says which of several shapes a mapping has, pydantic's path has one part more.
_CHOICES = {
    *(("storage",), ("storage", "encryption")),
    *(("clean_storage",), ("clean_storage", "encryption")),
    ("icinga",),
}


def problems(document: Document, error: ValidationError) -> Iterator[Problem]:
    """Yield a problem for each error; keys without a value are told of elsewhere."""
    for detail in error.errors(include_url=False):
        path = path_of(detail)
        node = document.node(path)
        if node is None or node.value is not None:
            yield document.problem(path, _sentence(detail, path))


def path_of(detail: ErrorDetails) -> Path:
    """Return the path of the key an error is about, as it stands in the file."""
    path: Path = ()
    skip = False
    for part in detail["loc"]:
        if not skip:
            path = (*path, part)
        skip = not skip and _is_choice(path)
    if _is_key(detail):
        return path[:-1]
    match detail["type"]:
        case "mistake":
            return (*path, detail["ctx"]["key"])
        case "union_tag_not_found" | "union_tag_invalid":
            return (*path, detail["ctx"]["discriminator"].strip("'"))
        case _:
            return path


def _is_choice(path: Path) -> bool:
    match path:
        case ("buckets", _, "encryption"):
            return True
        case _:
            return path in _CHOICES


def _sentence(detail: ErrorDetails, path: Path) -> str:
    around = f" in {quoted(path[:-1])}" if path[:-1] else ""
    match detail["type"]:
        case "extra_forbidden":
            wanted = suggestion(str(path[-1]), _keys(detail))
            return f"unknown key {path[-1]!r}{around}; {wanted}"
        case "missing" | "union_tag_not_found":
            refused = f"the key {path[-1]!r} is missing{around}"
        case "mistake":
            refused = f"{detail['ctx']['refused']}{around}"
        case _:
            refused = f"{quoted(path)} is {_shown(detail, path)}"
    return f"{refused}; accepted: {_accepted(detail, path)}"


def _shown(detail: ErrorDetails, path: Path) -> str:
    if _is_secret(path):
        return "not the place of a secret"
    if _is_public_key(path):
        return "not a public key"
    if _is_key(detail):
        return "not a name"
    if detail["type"] == "union_tag_invalid":
        return repr(detail["ctx"]["tag"])
    return described(detail["input"])


def _accepted(detail: ErrorDetails, path: Path) -> str:
    match detail["type"]:
        case "missing":
            return _meaning(detail)
        case "union_tag_not_found" | "union_tag_invalid":
            return _tags(detail)
        case kind if kind in _ACCEPTED and not _is_secret(path):
            accepted = _ACCEPTED[kind].format_map(detail.get("ctx", {}))
            return f"{accepted}, without quotes" if _is_only_quoted(detail) else accepted
        case "mistake":
            return str(detail["ctx"]["accepted"])
        case _ if _is_secret(path):
            return "{env: NAME} or {file: PATH}"
        case _:
            return detail["msg"]


def _is_only_quoted(detail: ErrorDetails) -> bool:
    """Tell whether a text would be what is accepted, if it were not quoted."""
    kind = _PLAIN.get(detail["type"])
    return kind is not None and type(scalar(str(detail["input"]))) is kind


def _is_key(detail: ErrorDetails) -> bool:
    """Tell whether an error is about a key itself: pydantic says so by one part more."""
    match detail["loc"]:
        case (*_, key, "[key]"):
            return detail["type"] == "value_error" and detail["input"] == key
        case _:
            return False


def _is_secret(path: Path) -> bool:
    """Tell whether someone may have written a password itself where a path leads."""
    match path:
        case ("servers", _, "password", *_):
            return True
        case ("icinga" | "storage" | "clean_storage", "password" | "decrypt_with", *_):
            return True
        case _:
            return False


def _is_public_key(path: Path) -> bool:
    """Tell whether someone may have written the private half of a key where a path leads."""
    match path:
        case ("storage" | "clean_storage", "encrypt_to", _):
            return True
        case _:
            return False


def _tags(detail: ErrorDetails) -> str:
    match detail["loc"]:
        case ("storage" | "clean_storage", *_):
            return listed(("s3", "file", "rsync", "elasticsearch"))
        case _:
            return listed(("nsca", "api"))


def _keys(detail: ErrorDetails) -> tuple[str, ...]:
    fields = shape_at(detail["loc"][:-1]).model_fields
    return tuple(field.alias or name for name, field in fields.items())


def _meaning(detail: ErrorDetails) -> str:
    """Return what a missing key would say: its description."""
    missing = detail["loc"][-1]
    fields = shape_at(detail["loc"][:-1]).model_fields
    found = (field for name, field in fields.items() if (field.alias or name) == missing)
    return next(found).description or ""

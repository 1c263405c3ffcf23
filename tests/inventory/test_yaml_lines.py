"""Each mistake of YAML is told in a sentence, at its line; nothing in a file is carried out."""

from pathlib import Path

import pytest

from envsync.inventory.yaml_lines import read
from tests.inventory.folders import STAGING, folder

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOLLOW_BOMB = BOMB.replace("[x, x, x, x, x, x, x, x, x]", "[[], [], [], [], [], [], [], [], []]")
A_MAPPING = "accepted: a mapping of keys to values"

CASES: dict[str, tuple[str | bytes, str]] = {
    "an empty file": ("", f"1: the file is empty; {A_MAPPING}"),
    "only comments": ("# nothing\n", f"1: the file is empty; {A_MAPPING}"),
    "an empty document": ("---\n", f"1: the file is empty; {A_MAPPING}"),
    "a list": ("- a\n", f"1: the file is a list; {A_MAPPING}"),
    "a word": ("production\n", f"1: the file is 'production'; {A_MAPPING}"),
    "not UTF-8": (
        b"environment: caf\xe9\n",
        "1: this is not UTF-8 text; accepted: a file saved as UTF-8",
    ),
    "UTF-16": (
        "environment: a".encode("utf-16"),
        "1: this is not UTF-8 text; accepted: a file saved as UTF-8",
    ),
    "a control character": (
        "a: é\nb: \x07\n",
        "2: a control character is in the way; accepted: printable text",
    ),
    "a tab before a key": ("a:\n\tb: c\n", "2: a tab is in the way; accepted: spaces"),
    "an open quote": (
        "a: b\nc: 'd\ne: f\n",
        (
            "3: this is not YAML: found unexpected end of stream while scanning a quoted scalar "
            "begun in line 2"
        ),
    ),
    "two colons": (
        "a: b: c\n",
        "1: this is not YAML: mapping values are not allowed in this context",
    ),
    "a key twice": (
        f"{STAGING}protected: true\n",
        "11: the key 'protected' was given before, in line 2; accepted: each key once",
    ),
    "an entry twice": (
        f"{STAGING}  app: {{from: production}}\n",
        "11: the key 'app' was given before, in line 10; accepted: each key once",
    ),
    "a list as a key": ("? [a]\n: b\n", "1: a key is not plain text; accepted: one word of text"),
    "two documents": (
        f"{STAGING}---\nenvironment: other\n",
        "11: a second document starts here; accepted: one in a file",
    ),
    "code in a tag": (
        STAGING.replace("staging\n", "!!python/object/apply:os.getcwd []\n", 1),
        (
            "1: the tag 'tag:yaml.org,2002:python/object/apply:os.getcwd' is in the way; "
            "accepted: no tags"
        ),
    ),
    "an alias of nothing": (
        "a: *b\n",
        (
            "1: the alias '*b' stands for nothing; "
            "accepted: the name of an anchor, '&b', that ends before it"
        ),
    ),
    "a list that holds itself": (
        "a: &b\n  - *b\n",
        (
            "2: the alias '*b' stands for nothing; "
            "accepted: the name of an anchor, '&b', that ends before it"
        ),
    ),
    "a bomb": (BOMB, "4: aliases repeat too much; accepted: 2000 repeated values in a file"),
    "a hollow bomb": (
        HOLLOW_BOMB,
        "4: aliases repeat too much; accepted: 2000 repeated values in a file",
    ),
    "a well": ("a: " + "[" * 500 + "]" * 500, "1: this is nested too deeply; accepted: 8 levels"),
}


@pytest.mark.parametrize(("content", "problem"), CASES.values(), ids=CASES.keys())
def test_a_mistake_of_yaml_is_told_at_its_line(content: str | bytes, problem: str) -> None:
    text = content.encode() if isinstance(content, str) else content
    assert [str(each) for each in read("f.yaml", text).problems] == [f"f.yaml:{problem}"]


def test_a_key_given_twice_keeps_its_first_value() -> None:
    assert read("f.yaml", b"a: 1\na: 2\n").mapping() == {"a": 1}


def test_words_mean_what_editors_show() -> None:
    content = b"a: [yes, on, 12:40, 0123, 1.5, 2026-11-20, True, 12, '12', ~]"
    assert read("f.yaml", content).mapping() == {
        "a": ["yes", "on", "12:40", "0123", "1.5", "2026-11-20", True, 12, "12", None]
    }


def test_an_alias_stands_for_what_it_names() -> None:
    assert read("f.yaml", b"a: &x {b: c}\nd: *x\n").mapping() == {"a": {"b": "c"}, "d": {"b": "c"}}


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert read("f.yaml", b"\xef\xbb\xbfa: b\n").mapping() == {"a": "b"}


def test_a_value_is_told_by_the_line_of_its_key() -> None:
    document = read("f.yaml", b"a:\n  b:\n    - c\n    - d\n")
    paths = [("a",), ("a", "b"), ("a", "b", 1), ("a", "missing"), ("missing",)]
    assert [document.line(path) for path in paths] == [1, 2, 4, 1, 1]


def test_a_file_that_is_no_yaml_hides_no_problem_of_another(tmp_path: Path) -> None:
    spoilt = folder(tmp_path, production="", staging=STAGING.replace("postgresql, host", "x, host"))
    assert spoilt.problems() == [
        f"production.yaml:1: the file is empty; {A_MAPPING}",
        "staging.yaml:5: 'servers.main.dbms' is 'x'; accepted: 'postgresql', 'mysql', 'mongo' or 'elasticsearch'",
    ]

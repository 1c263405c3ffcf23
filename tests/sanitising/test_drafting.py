"""A draft is a file that loads, whatever the names in it, and says why a column looks personal."""

from hypothesis import given
from hypothesis import strategies as st

from envsync.columns import written
from envsync.coverage import differences
from envsync.inventory.columns_file import read_columns
from envsync.sanitising.drafting import draft_text, drafted

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=1200)


def test_a_draft_proposes_by_name_and_by_what_was_seen() -> None:
    people = drafted(
        "people",
        {"id": ("integer",), "email": ("text",), "x": ("character varying(9)",), "note": ("text",)},
        {"email": ["ada@private.example"], "x": ["SW1A 1AA", "?"]},
    )
    text = draft_text("app (production)", "app.sql", [people, drafted("empty", {}, {})])
    assert text == (
        "# Drafted from app (production): proposals, until somebody has read them.\n"
        "# keep: anybody may read it. sanitised: app.sql changes it, or deletes its rows.\n"
        "# A column that is not here fails the pull.\n"
        "\n"
        "people:\n"
        "  id: {keep: integer}\n"
        "  email: {sanitised: text}  # name looks like an e-mail address; "
        "1 of 1 values look like e-mail addresses\n"
        "  x: {sanitised: character varying(9)}  # 1 of 2 values look like postcodes\n"
        "  note: {sanitised: text}  # free text may hold anything\n"
        "\n"
        "empty: {}\n"
    )
    assert people.suspicious == 3


def test_sums_of_files_are_no_tokens() -> None:
    sums = {"md5_hexdigest": ["9f86d081884c7d659a2feaa0c55ad015"]}
    assert drafted("assets", {"md5_hexdigest": ("string",)}, sums).suspicious == 0


@given(
    st.lists(
        st.tuples(NAMES, NAMES, st.lists(NAMES.filter(bool), min_size=1, max_size=2, unique=True))
    )
)
def test_any_draft_loads_and_lets_its_own_columns_through(
    columns: list[tuple[str, str, list[str]]],
) -> None:
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for table, column, types in columns:
        found.setdefault(written(table), {})[written(column)] = tuple(types)
    text = draft_text("x", "x.sql", [drafted(table, each, {}) for table, each in found.items()])
    read = read_columns("x", "x", text.encode())
    assert (read.problems, list(differences(read.classification, found))) == ((), [])

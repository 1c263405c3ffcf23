"""What the lint says of files that sanitise documents and indices."""

import pytest

from tests.sanitising.reading import told

ASSETS = """
    users:
      _id: {keep: objectId}
      name: {sanitised: string}
      role: {keep: string}
      "emails[].address": {sanitised: string}
      profile: {sanitised: object}
"""
CLEAN = """
    sanitise:
      - collection: users
        updateMany:
          update:
            - $set: {name: {$concat: ["User ", {$toString: "$_id"}]}, profile.city: ""}
            - $unset: ["emails"]
      %s
    checks:
      - {collection: users, find: {name: {$not: {$regex: "^User "}}}}
      - {collection: users, find: {$or: [{profile.city: x}, {emails.address: {$exists: true}}]}}
"""


def test_a_file_that_changes_all_fields_and_checks_them_is_clean() -> None:
    assert told(CLEAN % "", ASSETS, dbms="mongo") == []


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (
            "- {collection: usres, deleteMany: {filter: {}}}",
            (
                "names the collection 'usres', which the classification does not know; did you mean "
                "'users'?"
            ),
        ),
        (
            "- {collection: users, updateMany: {update: {$set: {nmae: x}}}}",
            (
                "names the field 'nmae' of 'users', which the classification does not know; did you "
                "mean 'name'?"
            ),
        ),
        (
            "- {collection: users, updateMany: {filter: {nmae: x}, update: {$set: {name: x}}}}",
            (
                "names the field 'nmae' of 'users', which the classification does not know; did you "
                "mean 'name'?"
            ),
        ),
        (
            "- {collection: users, updateMany: {update: [{$set: {name: $nmae}}]}}",
            (
                "names the field 'nmae' of 'users', which the classification does not know; did you "
                "mean 'name'?"
            ),
        ),
        (
            "- {collection: users, updateMany: {update: {$unset: {role: ''}}}}",
            (
                "takes away users.role, which is classified as keep in s.columns.yaml; classify it as "
                "sanitised, or leave it as it is"
            ),
        ),
        (
            "- {collection: users, updateMany: {update: [{$set: {name: $name}}]}}",
            "sets users.name to itself, which changes nothing",
        ),
        (
            "- {collection: users, deleteMany: {filter: {role: {$in: []}}}}",
            "changes nothing: its filter matches nothing",
        ),
    ],
)
def test_a_step_that_is_wrong_is_told(step: str, sentence: str) -> None:
    assert told(CLEAN % step, ASSETS, dbms="mongo") == [f"s:7: {sentence}"]


def test_a_field_that_no_step_changes_is_told() -> None:
    script = """
        sanitise:
          - {collection: users, updateMany: {filter: {role: x}, update: {$set: {"emails.$[].address": x}}}}
          - {collection: users, updateMany: {update: {$unset: {profile: ""}}}}
    """
    assert told(script, ASSETS, dbms="mongo") == [
        "s.columns.yaml:4: users.name is classified as sanitised, and nothing in s changes it",
        (
            "s.columns.yaml:6: note: emails[].address of users is changed in some rows only, and no "
            "check looks whether these are all that must be"
        ),
    ]


def test_a_collection_that_is_emptied_needs_no_check() -> None:
    script = "sanitise: [{collection: users, deleteMany: {filter: {}}}]"
    assert told(script, ASSETS, dbms="mongo") == []


def test_a_stage_that_replaces_documents_is_not_judged() -> None:
    script = "sanitise: [{collection: users, updateMany: {update: [{$replaceWith: {a: 1}}]}}]"
    found = told(script, ASSETS, dbms="mongo")
    assert found[0] == "s:1: note: not understood, not judged: $replaceWith of users"
    assert all(": note: " in line for line in found)


PAGES = """
    govuk:
      title: {keep: text}
      author.email: {sanitised: keyword}
      author.name: {sanitised: text}
    visits:
      ip: {sanitised: ip}
"""


def test_a_field_whose_name_stands_in_no_painless_script_is_told() -> None:
    script = """
        sanitise:
          - update: {indices: [govuk], script: "ctx._source.author.email = ''"}
          - delete: {indices: [visits]}
        checks:
          - {name: no address, indices: [govuk], query: {exists: {field: author.email}}}
          - {name: no visit, indices: [visits], query: {match_all: {}}}
    """
    assert told(script, PAGES, dbms="elasticsearch") == [
        "s.columns.yaml:5: govuk.author.name is classified as sanitised, and nothing in s changes it"
    ]


def test_indices_and_fields_that_are_not_known_are_told() -> None:
    script = """
        sanitise:
          - update:
              indices: [govuk]
              query: {bool: {must: [{term: {author.emial: x}}, {exists: {field: author.name}}]}}
              script: "ctx._source.author.email = ''; ctx._source.author.remove('name')"
          - delete: {indices: [visist]}
          - delete: {indices: [visits], query: {match_none: {}}}
          - delete: {indices: ["vis*"]}
        checks:
          - {name: no address, indices: ["go*"], query: {prefix: {author.email.keyword: a}}}
          - {name: no name, indices: [govuk], query: {exists: {field: author.name}}}
    """
    assert told(script, PAGES, dbms="elasticsearch") == [
        (
            "s:4: names the field 'author.emial' of 'govuk', which the classification does not know; "
            "did you mean 'author.email'?"
        ),
        (
            "s:6: names the index 'visist', which the classification does not know; did you mean "
            "'visits'?"
        ),
        "s:7: changes nothing: its query finds nothing",
    ]

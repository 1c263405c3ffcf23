"""Rows of a Publishing API that never was, as text for COPY: documents and all that hangs on them.

Personal data is where it would be: in what editors sent (PutContent events), and in the editions
that only some may see. What was published names nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from benchmarks.prose import Prose

COLUMNS: Mapping[str, str] = {
    "documents": "id, content_id, created_at, updated_at",
    "editions": (
        "id, document_id, title, description, base_path, document_type, publishing_app, state,"
        " content_store, user_facing_version, details, routes, created_at, updated_at"
    ),
    "access_limits": "edition_id, users, organisations, created_at, updated_at",
    "change_notes": "edition_id, note, public_timestamp, created_at",
    "unpublishings": "edition_id, type, explanation, created_at",
    "link_sets": "id, content_id, created_at",
    "links": "link_set_id, edition_id, target_content_id, link_type, created_at",
    "expanded_links": (
        "content_id, locale, with_drafts, payload_version, expanded_links, created_at"
    ),
    "events": "action, content_id, user_uid, request_id, payload, created_at",
}
DRAFT_EVERY = 10
LIMITED_EVERY = 40
UNPUBLISHED_EVERY = 20
LONG_SHARE = 0.08

Rows = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Document:
    """What the rows of one document have in common."""

    number: int
    content_id: str
    title: str
    moment: str

    @property
    def path(self) -> str:
        return f"/guidance/{self.title.lower().replace(' ', '-')}-{self.number}"

    @property
    def limited(self) -> bool:
        return self.number % LIMITED_EVERY == 0

    @property
    def states(self) -> tuple[tuple[str, str], ...]:
        r"""The states of its editions, oldest first, each with its content store (\N for none)."""
        older = (("superseded", r"\N"),) * (self.number % 3)
        draft = (("draft", "draft"),) if self.number % DRAFT_EVERY == 0 else ()
        return (*older, ("published", "live"), *draft)


class Publications:
    """Makes documents one after the other; the same seed makes the same ones."""

    def __init__(self, random: Random, prose: Prose) -> None:
        self._random = random
        self._prose = prose
        self._published: list[Document] = []
        self._editions = 0

    def batch(self, size: int) -> Rows:
        """Return the rows of the next so many documents, by table."""
        rows: Rows = {table: [] for table in COLUMNS}
        for _ in range(size):
            for table, row in self._rows(self._document()):
                rows[table].append(row)
        return rows

    def _document(self) -> Document:
        number = len(self._published) + 1
        document = Document(number, self._uuid(), self._prose.title(), self._moment())
        self._published.append(document)
        return document

    def _rows(self, document: Document) -> Iterator[tuple[str, str]]:
        number, content_id, moment = document.number, document.content_id, document.moment
        yield "documents", f"{number}\t{content_id}\t{moment}\t{moment}\n"
        yield "link_sets", f"{number}\t{content_id}\t{moment}\n"
        for version, (state, store) in enumerate(document.states, start=1):
            yield from self._edition(document, version, state, store)
        yield from self._links(document)
        yield "events", self._event(document, "PatchLinkSet", '{"links": {"organisations": []}}')

    def _edition(
        self, document: Document, version: int, state: str, store: str
    ) -> Iterator[tuple[str, str]]:
        self._editions += 1
        number, moment = self._editions, document.moment
        editor = self._prose.person()
        limited = document.limited and state == "draft"
        details = self._details(_contact(*editor) if limited else '{"name": "Enquiries"}')
        edition = (
            f"{number}\t{document.number}\t{document.title}\t{self._prose.passage(90)}\t"
            f"{document.path}\tguidance\twhitehall\t{state}\t{store}\t{version}\t{details}\t"
            f'[{{"path": "{document.path}", "type": "exact"}}]\t{moment}\t{moment}\n'
        )
        yield "editions", edition
        yield "links", f"\\N\t{number}\t{self._target().content_id}\ttaxons\t{moment}\n"
        yield "events", self._event(document, "PutContent", _payload(document, details, editor))
        if state != "draft":
            yield "events", self._event(document, "Publish", '{"update_type": "major"}')
        yield from self._remarks(document, state, editor)

    def _remarks(
        self, document: Document, state: str, editor: tuple[str, str]
    ) -> Iterator[tuple[str, str]]:
        """Yield what is said about the newest edition: why it changed, went, or is not for all."""
        number, moment = self._editions, document.moment
        note = self._prose.passage(120)
        if state == "draft" and document.limited:
            note += f" Asked for by {', '.join(editor)}."
            users = f'["{editor[1]}", "{self._uuid()}"]'
            yield "access_limits", f'{number}\t{users}\t["{self._uuid()}"]\t{moment}\t{moment}\n'
        if state == "superseded" and number % UNPUBLISHED_EVERY == 0:
            yield "unpublishings", f"{number}\twithdrawal\t{self._prose.passage(80)}\t{moment}\n"
        yield "change_notes", f"{number}\t{note}\t{moment}\t{moment}\n"

    def _details(self, contact: str) -> str:
        size = 1700 if self._random.random() < LONG_SHARE else 300
        parts = ", ".join(
            f'{{"heading": "{self._prose.title()}", "slug": "part-{part}", '
            f'"govspeak": "<p>{self._prose.passage(size)}</p>"}}'
            for part in range(3)
        )
        return f'{{"parts": [{parts}], "political": false, "contact": {contact}}}'

    def _links(self, document: Document) -> Iterator[tuple[str, str]]:
        number, moment = document.number, document.moment
        targets = [self._target() for _ in range(3)]
        for target, kind in zip(targets, ("organisations", "topics", "parent"), strict=True):
            yield "links", f"{number}\t\\N\t{target.content_id}\t{kind}\t{moment}\n"
        shown = f'{{"ordered_related_items": [{", ".join(map(_expansion, targets))}]}}'
        for with_drafts in ("t", "f"):
            expanded = f"{document.content_id}\ten\t{with_drafts}\t{number}\t{shown}\t{moment}\n"
            yield "expanded_links", expanded

    def _event(self, document: Document, action: str, payload: str) -> str:
        user, request = self._uuid(), f"{self._random.getrandbits(64):016x}"
        return f"{action}\t{document.content_id}\t{user}\t{request}\t{payload}\t{document.moment}\n"

    def _target(self) -> Document:
        return self._published[int(self._random.random() * len(self._published))]

    def _moment(self) -> str:
        day, minute = int(self._random.random() * 28) + 1, int(self._random.random() * 1440)
        return f"2026-{day % 12 + 1:02}-{day:02} {minute // 60:02}:{minute % 60:02}:00"

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _contact(name: str, address: str) -> str:
    return f'{{"name": "{name}", "email": "{address}"}}'


def _payload(document: Document, details: str, editor: tuple[str, str]) -> str:
    return (
        f'{{"title": "{document.title}", "base_path": "{document.path}", "locale": "en", '
        f'"details": {details}, "last_edited_by": {_contact(*editor)}, "update_type": "major"}}'
    )


def _expansion(target: Document) -> str:
    return (
        f'{{"content_id": "{target.content_id}", "title": "{target.title}", '
        f'"base_path": "{target.path}", "locale": "en", "links": {{}}}}'
    )

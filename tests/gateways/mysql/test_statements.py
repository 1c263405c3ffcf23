"""Dumps and scripts are split as the mysql program splits them, wherever blocks end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envsync.errors import CommandError
from envsync.gateways.mysql.objects import Manner, manner_of, object_of
from envsync.gateways.mysql.statements import (
    rows_apart,
    rows_in,
    script_statements,
    statements,
)
from envsync.gateways.mysql.tables import taken_apart

DUMP = rb"""/*M!999999\- enable the sandbox mode */
/*!40101 SET NAMES utf8mb4 */;
-- it's a comment; not a statement
CREATE TABLE `t;` (
  `a` text COMMENT 'x; ''y\''
);
INSERT INTO `t;` VALUES
('a;\n'),
('),\n('),
('it\'s');
/*!50003 SET sql_mode              = 'ANSI' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`me`@`%`*/ /*!50003 TRIGGER `tr` BEFORE INSERT ON `t;` FOR EACH ROW begin
INSERT INTO `t;` VALUES ('; no rows of a dump'); -- don't
end */;;
DELIMITER ;
SELECT 1
"""


def split(text: bytes, size: int) -> list[tuple[bytes, int, str | None]]:
    blocks = (text[at : at + size] for at in range(0, len(text), size))
    return [(found.text, found.line, found.rows) for found in statements(blocks)]


@given(st.integers(1, len(DUMP)))
def test_blocks_may_end_anywhere(size: int) -> None:
    assert split(DUMP, size) == split(DUMP, len(DUMP))


def test_a_dump_is_split_where_its_statements_end() -> None:
    found = split(DUMP, len(DUMP))
    assert [(text[:19], line, rows) for text, line, rows in found] == [
        (b"/*!40101 SET NAMES ", 2, None),
        (b"CREATE TABLE `t;` (", 4, None),
        (b"INSERT INTO `t;` VA", 7, "t;"),
        (b"/*!50003 SET sql_mo", 11, None),
        (b"/*!50003 CREATE*/ /", 13, None),
        (b"SELECT 1", 17, None),
    ]


def test_a_dump_cut_in_its_rows_is_no_dump() -> None:
    with pytest.raises(CommandError, match="in the middle of a table's rows"):
        split(DUMP[: DUMP.index(b"it\\'s")], 1000)


def test_rows_of_scripts_may_hold_line_breaks() -> None:
    text = b"INSERT INTO `t` VALUES ('a;\nb');\nSELECT 2;"
    assert [(found.text, found.line) for found in script_statements(text)] == [
        (b"INSERT INTO `t` VALUES ('a;\nb')", 1),
        (b"SELECT 2", 3),
    ]


VALUES = st.lists(st.text(alphabet="a,()';\\\n\"", max_size=12), min_size=1, max_size=8)


def written(values: list[str], between: str) -> bytes:
    escaped = (
        value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") for value in values
    )
    rows = between.join(f"('{value}')" for value in escaped)
    return f"INSERT INTO `t` VALUES{between[1:] or ' '}{rows}".encode()


@given(VALUES, st.sampled_from([",", ",\n"]))
def test_rows_are_counted_whatever_is_in_them(values: list[str], between: str) -> None:
    assert rows_in(written(values, between)) == len(values)


@given(VALUES, st.integers(30, 90))
def test_blocks_cut_for_a_small_packet_hold_the_same_rows(values: list[str], limit: int) -> None:
    parts = list(rows_apart(written(values, ",\n"), limit))
    assert sum(map(rows_in, parts)) == len(values)
    assert all(part.startswith(b"INSERT INTO `t` VALUES\n(") for part in parts)
    assert all(len(part) <= limit or rows_in(part) == 1 for part in parts)


def test_a_trigger_is_known_with_the_manner_it_was_made_in() -> None:
    manner, found = Manner(), None
    for statement in statements([DUMP]):
        manner = manner_of(statement.text, manner)
        found = found or object_of(statement.text, manner)
    assert found is not None
    assert (str(found), found.definer, found.manner.sql_mode) == (
        "trigger 'tr'",
        b"`me`@`%`",
        "ANSI",
    )
    assert found.defined_by(b"`env`@`h`").definer == b"`env`@`h`"
    assert found.replacing().startswith(b"/*!50003 CREATE OR REPLACE*/ /*!50017 DEFINER=`me`@`%`*/")


def test_a_view_leaves_out_the_schema_it_was_in() -> None:
    view = object_of(
        b"CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`b` SQL SECURITY DEFINER VIEW `v` AS select "
        b"`app`.`t`.`a` AS `a` from `app`.`t`",
        Manner(),
    )
    assert view is not None
    assert view.at_home("app").statement.endswith(b"select `t`.`a` AS `a` from `t`")


TABLE = b"""CREATE TABLE `t` (
  `id` int NOT NULL AUTO_INCREMENT,
  `a` int COMMENT 'KEY',
  PRIMARY KEY (`id`),
  UNIQUE KEY `u` (`a`) COMMENT 'x, y',
  KEY `k` (`a`,`id`),
  FULLTEXT KEY `f` (`a`),
  CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`id`)
) ENGINE=InnoDB"""


def test_indexes_and_foreign_keys_come_after_the_rows() -> None:
    table = taken_apart(TABLE)
    assert table is not None
    assert table.create.endswith(
        b"  PRIMARY KEY (`id`),\n  FULLTEXT KEY `f` (`a`)\n) ENGINE=InnoDB"
    )
    assert table.add_indexes() == (
        b"ALTER TABLE `t` ADD UNIQUE KEY `u` (`a`) COMMENT 'x, y', ADD KEY `k` (`a`,`id`)"
    )
    assert table.add_foreign_keys() == (
        b"ALTER TABLE `t` ADD CONSTRAINT `c` FOREIGN KEY (`a`) REFERENCES `p` (`id`)"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"PRIMARY KEY (`id`)", b"PRIMARY KEY (`a`)"),
        (b"InnoDB", b"MyISAM"),
        (b"KEY `k` (`a`,`id`)", b"KEY `k` (`a`) USING HASH"),
        (b"FULLTEXT", b"SPATIAL"),
    ],
)
def test_indexes_that_cannot_wait_are_created_at_once(old: bytes, new: bytes) -> None:
    table = taken_apart(TABLE.replace(old, new))
    assert table is not None
    assert table.add_indexes() is None
    assert b"UNIQUE KEY `u`" in table.create

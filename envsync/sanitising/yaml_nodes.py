"""YAML as nodes that know their lines, for files that an engine's own reader has found sound."""

from collections.abc import Iterator

import yaml

Node = yaml.nodes.Node


def root(text: str) -> Node | None:
    """Return the one node of a file; None where it holds none."""
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return None


def entries(node: Node | None) -> Iterator[tuple[str, Node, Node]]:
    """Yield each key of a mapping as text, with its node and that of its value."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key, value


def items(node: Node | None) -> Iterator[Node]:
    """Yield the nodes of a list."""
    if isinstance(node, yaml.SequenceNode):
        yield from node.value


def value_of(node: Node | None, key: str) -> Node | None:
    """Return the value of a key; None where there is none."""
    return next((value for name, _, value in entries(node) if name == key), None)


def text_of(node: Node | None) -> str:
    """Return what is written as one value; "" for anything else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def line_of(node: Node) -> int:
    """Return the line a node begins in."""
    return int(node.start_mark.line) + 1

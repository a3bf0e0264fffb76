"""Every string of a document in turn, and copies of the document with one thing changed."""

import copy
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


def string_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from string_paths(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from string_paths(inner, (*path, index))
    elif isinstance(value, str):
        yield path


def member_paths(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from member_paths(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from member_paths(inner, (*path, index))


def change_letter(document: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    parent = _at(changed, path[:-1])
    text = parent[path[-1]]
    middle = len(text) // 2
    parent[path[-1]] = text[:middle] + _other(text[middle]) + text[middle + 1 :]
    return changed


def remove(document: dict[str, Any], path: Path) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    del _at(changed, path[:-1])[path[-1]]
    return changed


def put(document: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def _other(letter: str) -> str:
    if letter.isdigit():
        return str((int(letter) + 1) % 10)
    return "y" if letter == "x" else "x"

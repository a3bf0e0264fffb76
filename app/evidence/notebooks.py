"""A Jupyter notebook, read for showing: its cells and what they put out, as text only. Pure."""

import json
import re
from dataclasses import dataclass
from typing import Any

MAX_CELLS = 300
MAX_CELL_CHARACTERS = 20_000
MAX_OUTPUT_CHARACTERS = 10_000
# What a terminal would turn into colours.
ESCAPES = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")


@dataclass(frozen=True)
class Cell:
    """One cell. `kind`: `code`, `markdown`, or `raw`. `outputs`: not escaped yet.

    `number`: of the run, as the notebook tells it; `None` if it was not run.
    `left_out`: media types of what it put out that is not shown here.
    """

    kind: str
    source: str
    outputs: tuple[str, ...] = ()
    number: int | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook; `is_cut`: there are more."""

    cells: tuple[Cell, ...]
    is_cut: bool


def read_notebook(text: str) -> Notebook | None:
    """Return the cells of a notebook; `None` if the text is none.

    Source: nbformat 4, “The Notebook file format”.
    """
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    cells = told.get("cells") if isinstance(told, dict) else None
    if not isinstance(cells, list):
        return None
    read = [_read_cell(cell) for cell in cells[:MAX_CELLS] if isinstance(cell, dict)]
    return Notebook(tuple(read), is_cut=len(cells) > MAX_CELLS)


def _read_cell(cell: dict[str, Any]) -> Cell:
    kind = cell.get("cell_type")
    source = _text(cell.get("source"), MAX_CELL_CHARACTERS)
    if kind != "code":
        return Cell("markdown" if kind == "markdown" else "raw", source)
    told = cell.get("outputs")
    outputs = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    number = cell.get("execution_count")
    return Cell(
        "code",
        source,
        tuple(text for each in outputs if (text := _output(each))),
        number if isinstance(number, int) else None,
        tuple(sorted({kind for each in outputs for kind in _left_out(each)})),
    )


def _output(output: dict[str, Any]) -> str:
    if isinstance(output.get("traceback"), list):
        return _text("\n".join(map(str, output["traceback"])), MAX_OUTPUT_CHARACTERS)
    data = _data(output)
    told = output.get("text", data.get("text/plain", data.get("text/html")))
    return _text(told, MAX_OUTPUT_CHARACTERS)


def _left_out(output: dict[str, Any]) -> list[str]:
    """Return what else there is: a picture, a widget; HTML where there is a text for it."""
    data = _data(output)
    shown = "text/plain" if "text/plain" in data else "text/html"
    return [str(kind)[:100] for kind in data if kind != shown]


def _data(output: dict[str, Any]) -> dict[str, Any]:
    data = output.get("data")
    return data if isinstance(data, dict) else {}


def _text(told: Any, limit: int) -> str:
    """Return a text that the format keeps whole or as a list of lines."""
    if isinstance(told, list):
        told = "".join(part for part in told if isinstance(part, str))
    if not isinstance(told, str):
        return ""
    shown = ESCAPES.sub("", told[: limit + 1]).replace("\r\n", "\n")
    clean = shown.encode(errors="replace").decode()
    return clean if len(told) <= limit else clean[:limit] + " …"

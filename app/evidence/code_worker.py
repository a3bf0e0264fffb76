"""Colour the words of a text or of code, in a process that may be lost.

Run as a script by `code`, never imported by the program: the text comes in on
standard input as UTF-8, JSON goes out: per line, pairs of a family and a text.
Nothing of it is HTML; whoever shows it escapes it.
"""

import json
import resource
import sys

CPU_SECONDS = 2
MEMORY_BYTES = 512 * 1024 * 1024

# What a token is shown as, by the beginning of its name; the first that fits counts.
FAMILIES = (
    ("Comment", "comment"),
    ("Literal.String.Doc", "comment"),
    ("Literal.String", "string"),
    ("Literal.Number", "number"),
    ("Literal", "string"),
    ("Keyword", "keyword"),
    ("Operator.Word", "keyword"),
    ("Name.Tag", "keyword"),
    ("Name.Function", "name"),
    ("Name.Class", "name"),
    ("Name.Decorator", "name"),
    ("Name.Attribute", "name"),
    ("Name.Builtin", "builtin"),
    ("Name.Exception", "builtin"),
)


def set_limits() -> None:
    """Bound what a hostile file can use: time, memory, files written, core dumps."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def family_of(token: str) -> str:
    """Return what a kind of token is shown as; empty: as everything else."""
    kind = token.removeprefix("Token.")
    return next((family for start, family in FAMILIES if kind.startswith(start)), "")


def main(name: str) -> int:
    """Answer one request: `name` is the lexer's, in Pygments' words."""
    set_limits()
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 (after the limits)

    with open(0, encoding="utf-8", closefd=False) as source:
        text = source.read()
    lines: list[list[tuple[str, str]]] = [[]]
    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    for token, value in lexer.get_tokens(text):
        family = family_of(str(token))
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            if part:
                lines[-1].append((family, part))
    json.dump(lines, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Codes that people type from a screen: drawn, written in groups, read again. Pure.

Ten random letters of Crockford's base 32 (50 bits) and one that checks them,
so that a typing error is told at once. Source: Douglas Crockford, “Base 32”.
"""

import secrets
from typing import Final

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHECKS: Final = LETTERS + "*~$=U"
LENGTH: Final = 10
_GROUPS: Final = ((0, 4), (4, 8), (8, 11))
# The five letters of Crockford's check that are no letters of the alphabet are hard to type and
# to put into an address: codes that would end in one are not drawn.
_PLAIN_CHECKS: Final = len(LETTERS)
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def draw_code() -> str:
    """Return a new code, without its groups."""
    while True:
        number = secrets.randbits(5 * LENGTH)
        if number % len(CHECKS) < _PLAIN_CHECKS:
            return _spell(number) + CHECKS[number % len(CHECKS)]


def group_code(code: str) -> str:
    """Return a code as people read it: `7K3M-9QXT-2HC`."""
    return "-".join(code[start:end] for start, end in _GROUPS)


def read_code(typed: str) -> str | None:
    """Return the code that somebody typed, or `None` if it was mistyped.

    Small letters, blanks and hyphens are taken; O is read as 0, I and L as 1.
    """
    letters = "".join(letter for letter in typed.upper() if letter not in " -\u2010\u2011\u2013\t")
    code = letters.translate(_READ_AS)
    if len(code) != LENGTH + 1 or any(letter not in LETTERS for letter in code):
        return None
    number = 0
    for letter in code[:LENGTH]:
        number = number * len(LETTERS) + LETTERS.index(letter)
    return code if code[LENGTH] == CHECKS[number % len(CHECKS)] else None


def _spell(number: int) -> str:
    letters = []
    for _ in range(LENGTH):
        number, digit = divmod(number, len(LETTERS))
        letters.append(LETTERS[digit])
    return "".join(reversed(letters))

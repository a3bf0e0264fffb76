"""N-Quads with gaps: the expensive half of signing, done once per shape of credential."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

from app.credentials.linked_data import refuse_unportable_order

MARK: Final = "urn:x-assay-gap:"
_GAP = re.compile(re.escape(MARK) + r"(\d+);")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def gap(number: int) -> str:
    """Return what stands in a shape where the varying value of that number will go."""
    return f"{MARK}{number};"


class Template:
    """The N-Quads of one shape, cut at its gaps."""

    def __init__(self, nquads: str, gaps: int) -> None:
        """Cut the N-Quads.

        Raises: `ValueError` if a gap is missing, so that its value would not be signed.
        """
        pieces = _GAP.split(nquads)
        self._text = nquads
        self._pieces = pieces[::2]
        self._numbers = [int(number) for number in pieces[1::2]]
        if set(self._numbers) != set(range(gaps)):
            raise ValueError("The N-Quads of the shape do not hold every gap.")

    def names(self, iri: str) -> bool:
        """Say whether the shape itself already speaks of that IRI."""
        return f"<{iri}>" in self._text

    def fill(self, values: Sequence[str]) -> str:
        """Return the N-Quads with the values in the gaps.

        The values must be signable text; in the place of an IRI, a well-formed one.
        """
        escaped = [value.translate(_ESCAPES) for value in values]
        filled = [self._pieces[0]]
        for number, piece in zip(self._numbers, self._pieces[1:], strict=True):
            filled += (escaped[number], piece)
        return "".join(filled)


class TemplateCache:
    """The templates of the shapes used last; safe to share between threads."""

    def __init__(self, size: int) -> None:
        """Keep at most `size` templates."""
        self._size = size
        self._lock = threading.Lock()
        self._templates: OrderedDict[str, Template] = OrderedDict()

    def __len__(self) -> int:
        """Count the templates that are kept."""
        return len(self._templates)

    def get(self, shape: str, make: Callable[[], Template]) -> Template:
        """Return the template of a shape, made if it is not kept.

        It is made outside the lock: two threads may make the same one, which does no harm.
        """
        with self._lock:
            template = self._templates.get(shape)
            if template is not None:
                self._templates.move_to_end(shape)
                return template
        template = make()
        with self._lock:
            self._templates[shape] = template
            while len(self._templates) > self._size:
                self._templates.popitem(last=False)
        return template


def canonicalise(nquads: str) -> bytes:
    """Return N-Quads in canonical form, by the fast library.

    Raises: `InvalidError` as `refuse_unportable_order`.
    Source: RDFC-1.0.
    """
    dataset = Dataset(parse(nquads, format=RdfFormat.N_QUADS))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    # Only the line feed ends a line: splitlines() would also cut at U+0085 and U+2028. Bytes
    # of UTF-8 sort as code points do, which is the order demanded.
    lines = sorted((serialize(dataset, format=RdfFormat.N_QUADS) or b"").split(b"\n")[:-1])
    refuse_unportable_order(lines)
    return b"\n".join(lines) + b"\n"

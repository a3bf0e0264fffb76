"""Canonical N-Quads by a library that shares no code with the one that the program uses."""

from collections.abc import Mapping
from typing import Any

from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse, serialize

from app.credentials.linked_data import SHIPPED_CONTEXTS, blank_nodes, to_quads, write_quad


def canonicalise(
    document: Mapping[str, Any], contexts: Mapping[str, Mapping[str, Any]] = SHIPPED_CONTEXTS
) -> bytes:
    quads = to_quads(document, contexts)
    labels = {label: label for label in blank_nodes(quads)}
    nquads = "".join(write_quad(quad, labels) for quad in quads)
    dataset = Dataset(parse(nquads, format=RdfFormat.N_QUADS))
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    # Only the line feed ends a line: splitlines() would also cut at U+0085 and U+2028. Bytes
    # of UTF-8 sort as code points do, which is the order demanded.
    lines = sorted((serialize(dataset, format=RdfFormat.N_QUADS) or b"").split(b"\n")[:-1])
    return b"\n".join(lines) + b"\n"

"""JSON-LD to N-Quads, strictly: nothing is fetched, and nothing is left unsigned."""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

from pyld import jsonld
from pyld.canon import URDNA2015
from pyld.nquads import serialize_nquad

from app.core.errors import InvalidError
from app.credentials.text import is_absolute_iri, is_signable, sorts_alike

_NQUADS = "application/n-quads"
_DEEPEST = 24
_PLACES: Final = ("subject", "object", "name")
_LARGEST_INTEGER = 2**53
# Not an IRI, nor a keyword: one statement has one spelling, which readers of the JSON look for.
_TERM = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

# The one place where a document of ours holds another that is signed: see `_part_endorsements`.
_ENDORSED: Final = ("credentialSubject", "achievement")
_ENDORSEMENT: Final = "endorsement"

Quads = list[dict[str, Any]]

# pyld's caches of contexts are shared by all threads and not safe there.
_PYLD = threading.Lock()


def _read_context(name: str) -> dict[str, Any]:
    text = files("app.credentials").joinpath("contexts", name).read_text(encoding="utf-8")
    context: dict[str, Any] = json.loads(text)
    return context


SHIPPED_CONTEXTS: Mapping[str, Mapping[str, Any]] = {
    "https://www.w3.org/ns/credentials/v2": _read_context("credentials-v2.json"),
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": _read_context(
        "ob-v3p0-3.0.3.json"
    ),
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json": _read_context(
        "ob-v3p0-extensions.json"
    ),
}


def to_quads(
    document: Mapping[str, Any],
    contexts: Mapping[str, Mapping[str, Any]] = SHIPPED_CONTEXTS,
) -> Quads:
    """Return the document's quads, with blank nodes as they happen to be numbered.

    Raises: `InvalidError` if any part of the document would not be signed, if a context is
        not shipped, or if two blank nodes cannot be told apart.
    """
    return _quads(_to_dataset(document, contexts))


def blank_nodes(quads: Quads) -> list[str]:
    """Return the labels of the blank nodes of some quads, each once."""
    return list(
        dict.fromkeys(
            quad[place]["value"]
            for quad in quads
            for place in _PLACES
            if place in quad and quad[place]["type"] == "blank node"
        )
    )


def write_quad(quad: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Write a quad as a line, with these labels for its blank nodes."""
    named = {
        place: {**term, "value": labels[term["value"]]} if term["type"] == "blank node" else term
        for place, term in quad.items()
        if place != "name"
    }
    line = str(serialize_nquad(named))
    return f"{line[:-3]} {labels[quad['name']['value']]} .\n" if "name" in quad else line


def canonical_nquads(
    document: Mapping[str, Any],
    contexts: Mapping[str, Mapping[str, Any]] = SHIPPED_CONTEXTS,
) -> bytes:
    """Return the document's canonical N-Quads, by the slow and obvious way.

    Raises: `InvalidError` as `to_nquads`, or as `refuse_unportable_order`.
    Source: RDFC-1.0, which renamed URDNA2015.
    """
    canonical = URDNA2015().main(_to_dataset(document, contexts), {"format": _NQUADS}).encode()
    refuse_unportable_order(canonical.split(b"\n")[:-1])
    return bytes(canonical)


def refuse_unportable_order(lines: list[bytes]) -> None:
    """Refuse lines that verifiers in other languages sort in another order.

    Raises: `InvalidError`, with a message for whoever wrote the texts.
    """
    if not sorts_alike(lines):
        raise InvalidError(
            "Two of the texts begin alike and go on with an emoji in one and a full-width or "
            "other rare letter in the other. Some verifiers cannot read that; change one of them."
        )


def _to_dataset(
    document: Mapping[str, Any], contexts: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    own, endorsements = _part_endorsements(document)
    for part in (own, *endorsements):
        _refuse_foreign_contexts(part, contexts)
        _refuse_unsignable(part)
    # With base "" pyld resolves relative ids, and unknown types, against an address of its own.
    options = {"documentLoader": _loader(contexts), "base": None}
    dropped: list[str | None] = []
    try:
        with _PYLD:
            expanded = jsonld.expand(document, options, on_property_dropped=dropped.append)
            dataset: dict[str, list[dict[str, Any]]] = jsonld.to_rdf(expanded, options)
    except jsonld.JsonLdError as error:
        raise InvalidError("The document is not well-formed JSON-LD.") from error
    if dropped:
        raise InvalidError("The document has members that its contexts do not define.")
    _refuse_relative_iris(expanded)
    graphs = set(dataset) - {"@default"}
    if "@default" not in dataset or len(graphs) != len(endorsements):
        raise InvalidError("The document holds another document, or says nothing.")
    if not all(graph.startswith("_:") for graph in graphs):
        raise InvalidError("The document names what another document says.")
    _refuse_twins(_quads(dataset))
    return dataset


def _quads(dataset: Mapping[str, Quads]) -> Quads:
    """Return the quads of a data set, those of a named graph with its name."""
    return [
        quad if graph == "@default" else {**quad, "name": {"type": "blank node", "value": graph}}
        for graph, quads in dataset.items()
        for quad in quads
    ]


def _part_endorsements(
    document: Mapping[str, Any],
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the document without the endorsements of its achievement, and these.

    Only there may a document stand in another one, with contexts and a proof of its own.

    Raises: `InvalidError` if one of them has not exactly one proof.
    """
    achievement: Any = document
    for name in _ENDORSED:
        achievement = achievement.get(name) if isinstance(achievement, Mapping) else None
    if not isinstance(achievement, Mapping) or _ENDORSEMENT not in achievement:
        return document, []
    endorsements = achievement[_ENDORSEMENT]
    if not isinstance(endorsements, list) or not endorsements:
        raise InvalidError("The endorsements must stand in an array.")
    for endorsement in endorsements:
        if not isinstance(endorsement, Mapping):
            raise InvalidError("An endorsement must be an object.")
        proofs = endorsement.get("proof")
        if not isinstance(proofs, list) or len(proofs) != 1 or not isinstance(proofs[0], Mapping):
            raise InvalidError("An endorsement must have one proof.")
    rest = {name: value for name, value in achievement.items() if name != _ENDORSEMENT}
    subject = {**document["credentialSubject"], "achievement": rest}
    return {**document, "credentialSubject": subject}, endorsements


def _loader(contexts: Mapping[str, Mapping[str, Any]]) -> Any:
    def load(url: str, _options: Mapping[str, Any]) -> dict[str, Any]:
        if url not in contexts:
            raise InvalidError(f"The context {url} is not one that is shipped.")
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": contexts[url],
        }

    return load


def _refuse_foreign_contexts(
    document: Mapping[str, Any], contexts: Mapping[str, Mapping[str, Any]]
) -> None:
    named = document.get("@context")
    if not isinstance(named, list) or not named:
        raise InvalidError("The document must name its contexts in an array.")
    if any(not isinstance(url, str) or url not in contexts for url in named):
        raise InvalidError("The document has a context that is not shipped.")


def _refuse_unsignable(document: Mapping[str, Any]) -> None:
    """Refuse what JSON-LD would drop without a word, or libraries write differently."""
    for name, value in document.items():
        if name != "@context":
            _refuse_unsignable_member(name, value, depth=0)


def _refuse_unsignable_member(name: str, value: Any, *, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidError("The document is nested too deeply.")
    if not isinstance(name, str) or _TERM.fullmatch(name) is None:
        raise InvalidError("The document has a member whose name is not a plain term.")
    for part in value if isinstance(value, list) and value else [value]:
        if isinstance(part, Mapping) and part:
            for inner_name, inner in part.items():
                _refuse_unsignable_member(inner_name, inner, depth=depth + 1)
        elif isinstance(part, str):
            if not is_signable(part):
                raise InvalidError(f"“{name}” holds control characters.")
        elif not isinstance(part, int) or abs(part) > _LARGEST_INTEGER:
            raise InvalidError(f"“{name}” holds nothing, or what cannot be signed.")


def _refuse_relative_iris(expanded: Any) -> None:
    """Refuse ids and types that are no absolute IRI: they would be dropped, so unsigned.

    An undefined type is one of them, because it stays as it was written.
    """
    for name, value in _members(expanded):
        if name in {"@id", "@type"}:
            for iri in value if isinstance(value, list) else [value]:
                if not is_absolute_iri(iri):
                    raise InvalidError(f"“{iri}” is neither a complete address nor a known type.")


def _members(expanded: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(expanded, list):
        for element in expanded:
            yield from _members(element)
    elif isinstance(expanded, dict):
        for name, value in expanded.items():
            yield name, value
            yield from _members(value)


def _refuse_twins(quads: Quads) -> None:
    """Refuse blank nodes that look alike.

    Telling them apart can take a canonicaliser minutes, which a hostile document would use;
    our own never repeat themselves.
    Source: RDFC-1.0 sections 4.6 (first degree hash) and 7.1 (dataset poisoning).
    """
    descriptions: dict[str, list[str]] = {label: [] for label in blank_nodes(quads)}
    others = dict.fromkeys(descriptions, "_:z")
    for quad in quads:
        for label in blank_nodes([quad]):
            descriptions[label].append(write_quad(quad, {**others, label: "_:a"}))
    alike = {tuple(sorted(lines)) for lines in descriptions.values()}
    if len(alike) != len(descriptions):
        raise InvalidError("The document says the same thing twice.")

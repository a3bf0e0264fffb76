"""What differs between two credentials of one achievement, and what is left without it."""

from collections.abc import Mapping
from typing import Any, Final

from app.credentials.template import gap
from app.credentials.text import is_absolute_iri, is_signable

# In the order in which they are cut out. Of the members that not every credential has, each
# set of them is a shape of its own.
_AWARD: Final = ("id", "validFrom", "awardedDate", "validUntil")
_NEEDED: Final = frozenset({"id", "validFrom", "awardedDate"})
_IDENTITY: Final = ("identityHash", "salt")
_RESULT: Final = ("achievedLevel",)
_PIECE: Final = ("id", "name", "narrative", "genre", "digestMultibase", "mediaType")
_STATUS: Final = ("id", "statusListIndex", "statusListCredential")
_ADDRESSES: Final = frozenset({"id", "statusListCredential"})


class _Cutter:
    """Takes texts out of objects, and leaves gaps."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self.is_plain = True

    def cut(self, members: Any, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the object with gaps for the members of these names that it has."""
        if not isinstance(members, Mapping):
            self.is_plain = False
            return {}
        shape = dict(members)
        for name in names:
            if name in members:
                shape[name] = gap(len(self.values))
                self._keep(members[name], is_address=name in _ADDRESSES)
        return shape

    def cut_all(self, items: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
        """Return the objects with gaps."""
        if not isinstance(items, list):
            self.is_plain = False
            return []
        return [self.cut(item, names) for item in items]

    def _keep(self, value: Any, *, is_address: bool) -> None:
        if (
            not isinstance(value, str)
            or not is_signable(value)
            or (
                is_address
                and not (value.startswith(("https://", "http://")) and is_absolute_iri(value))
            )
        ):
            self.is_plain = False
        self.values.append(str(value))


def cut(credential: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]] | None:
    """Part a credential into its shape and its varying values; `None` if it is not like ours."""
    subject = credential.get("credentialSubject")
    if not isinstance(subject, Mapping) or not credential.keys() >= _NEEDED:
        return None
    identifiers = subject.get("identifier")
    if not isinstance(identifiers, list) or len(identifiers) != 1:
        return None
    cutter = _Cutter()
    shape = cutter.cut(credential, _AWARD)
    shape["credentialSubject"] = {
        **subject,
        "identifier": cutter.cut_all(identifiers, _IDENTITY),
    }
    if "result" in subject:
        shape["credentialSubject"]["result"] = cutter.cut_all(subject["result"], _RESULT)
    if "evidence" in credential:
        shape["evidence"] = cutter.cut_all(credential["evidence"], _PIECE)
    if "credentialStatus" in credential:
        shape["credentialStatus"] = cutter.cut(credential["credentialStatus"], _STATUS)
    return (shape, cutter.values) if cutter.is_plain else None

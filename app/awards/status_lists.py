"""Status lists: an award's place in one, its bit, and the signed list that goes out.

Whoever changes a list waits for the institution's turn at the audit log first, as
all who change an award do; so two at once never hold what the other waits for.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from app.awards.models import Award
from app.awards.status_bits import SMALLEST, build_list, with_bits
from app.awards.status_models import StatusList
from app.core import audit
from app.core.crypto import Vault
from app.core.errors import NotFoundError
from app.credentials.facts import StatusFacts
from app.credentials.keys import verification_method
from app.credentials.openbadge import to_json
from app.credentials.signing import sign_credential
from app.programme.models import IssuerProfile
from app.programme.service import get_signing_key, issuer_did

# Half of a list stays free, so that a random place is found at once, and the
# number of awards is not read from how full it is.
SIZE: Final = SMALLEST
ROOM: Final = SIZE // 2
PUBLIC_ID_BYTES: Final = 16

# A list, and a place in it.
Entry = tuple[StatusList, int]


def list_address(base_url: str, status_list: StatusList) -> str:
    """Return where a status list stands."""
    return f"{base_url}/status/{status_list.public_id}"


def status_facts(base_url: str, entry: Entry) -> StatusFacts:
    """Say where an award's status is read."""
    status_list, index = entry
    return StatusFacts(list_url=list_address(base_url, status_list), index=index)


def find_entry(session: Session, award: Award) -> Entry | None:
    """Return an award's place in a status list; `None` if it was made before there were any."""
    if award.status_list_id is None or award.status_index is None:
        return None
    return session.get_one(StatusList, award.status_list_id), award.status_index


def get_signed_list(session: Session, public_id: str) -> str:
    """Return a signed list, as it was stored.

    Raises: `NotFoundError`.
    """
    signed = session.scalar(select(StatusList.signed).where(StatusList.public_id == public_id))
    if signed is None:
        raise NotFoundError("There is no status list at this address.")
    return signed


def take_entry(
    session: Session, issuer: IssuerProfile, *, vault: Vault, base_url: str, now: datetime
) -> Entry:
    """Give one award a place, at random, in the issuer's list; open another list if it is full.

    Raises: `NotFoundError` if a list has to be signed and the issuer has no key.
    """
    (entry,) = take_entries(session, issuer, 1, vault=vault, base_url=base_url, now=now)
    return entry


def take_entries(
    session: Session,
    issuer: IssuerProfile,
    count: int,
    *,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> list[Entry]:
    """Give so many awards a place each, as `take_entry`."""
    audit.wait_turn(session, issuer.institution_id)
    entries: list[Entry] = []
    while len(entries) < count:
        found = _find_open(session, issuer)
        if found is None:
            found = _open_list(session, issuer, vault=vault, base_url=base_url, now=now)
        some = min(count - len(entries), found.size // 2 - found.taken)
        entries += [(found, index) for index in _draw(session, found, some)]
        found.taken += some
        session.flush()
    return entries


def set_bit(
    session: Session,
    award: Award,
    *,
    is_set: bool,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Set an award's bit, or clear it, and sign the list anew; see `set_bits`."""
    set_bits(session, [award], is_set=is_set, vault=vault, base_url=base_url, now=now)


def set_bits(
    session: Session,
    awards: Iterable[Award],
    *,
    is_set: bool,
    vault: Vault,
    base_url: str,
    now: datetime,
) -> None:
    """Set the bits of awards, or clear them, and sign each list once that changes by it.

    An award without a place has no bit; it gets its place, and then its bit, when
    it is issued again.

    Raises: `NotFoundError` if the issuer has no key.
    """
    places: dict[int, list[int]] = {}
    institutions = set()
    for award in awards:
        if award.status_list_id is not None and award.status_index is not None:
            places.setdefault(award.status_list_id, []).append(award.status_index)
            institutions.add(award.institution_id)
    for institution_id in sorted(institutions):
        audit.wait_turn(session, institution_id)
    for status_list in _lock(session, places):
        bits = with_bits(status_list.bits, places[status_list.id], is_set=is_set)
        if bits != status_list.bits:
            status_list.bits = bits
            _sign(session, status_list, vault=vault, base_url=base_url, now=now)
    session.flush()


def resign_lists(
    session: Session, issuer: IssuerProfile, *, vault: Vault, base_url: str, now: datetime
) -> int:
    """Sign the lists of an issuer anew that another key than its present one signed.

    A key that leaves the DID document would take its lists along. Return how many.

    Raises: `NotFoundError` if the issuer has no key.
    """
    key, _private = get_signing_key(session, issuer.id, vault)
    method = verification_method(issuer_did(base_url, issuer), key.multikey)
    audit.wait_turn(session, issuer.institution_id)
    ids = session.scalars(select(StatusList.id).where(StatusList.issuer_id == issuer.id)).all()
    stale = [each for each in _lock(session, ids) if _signed_with(each) != method]
    for status_list in stale:
        _sign(session, status_list, vault=vault, base_url=base_url, now=now)
    session.flush()
    return len(stale)


def _find_open(session: Session, issuer: IssuerProfile) -> StatusList | None:
    """Return the issuer's newest list, if it has room."""
    newest = session.scalar(
        select(StatusList)
        .where(StatusList.issuer_id == issuer.id)
        .order_by(StatusList.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return newest if newest is not None and newest.taken < newest.size // 2 else None


def _open_list(
    session: Session, issuer: IssuerProfile, *, vault: Vault, base_url: str, now: datetime
) -> StatusList:
    opened = StatusList(
        issuer_id=issuer.id,
        public_id=secrets.token_hex(PUBLIC_ID_BYTES),
        size=SIZE,
        bits=bytes(SIZE // 8),
        taken=0,
        changed_at=now,
    )
    _sign(session, opened, vault=vault, base_url=base_url, now=now)
    session.add(opened)
    session.flush()
    return opened


def _draw(session: Session, status_list: StatusList, count: int) -> list[int]:
    """Draw free places; which award gets which says nothing of when it was made."""
    drawn: dict[int, None] = {}
    while len(drawn) < count:
        some = {secrets.randbelow(status_list.size): None for _ in range(count - len(drawn))}
        taken = session.scalars(
            select(Award.status_index).where(
                Award.status_list_id == status_list.id, Award.status_index.in_(list(some))
            )
        ).all()
        drawn |= {index: None for index in some if index not in taken}
    return list(drawn)


def _lock(session: Session, ids: Iterable[int]) -> Sequence[StatusList]:
    return session.scalars(
        select(StatusList)
        .where(StatusList.id.in_(list(ids)))
        .order_by(StatusList.id)
        .options(undefer(StatusList.bits), undefer(StatusList.signed))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _sign(
    session: Session, status_list: StatusList, *, vault: Vault, base_url: str, now: datetime
) -> None:
    issuer = session.get_one(IssuerProfile, status_list.issuer_id)
    did = issuer_did(base_url, issuer)
    key, private_key = get_signing_key(session, issuer.id, vault)
    document = build_list(
        list_address(base_url, status_list), issuer_did=did, bits=status_list.bits, now=now
    )
    signed = sign_credential(
        document,
        private_key=private_key,
        verification_method=verification_method(did, key.multikey),
        created=now,
    )
    # Verifiers of lists look for one proof, not for an array of one.
    (proof,) = signed["proof"]
    status_list.signed = to_json({**signed, "proof": proof})
    status_list.changed_at = now


def _signed_with(status_list: StatusList) -> str:
    method: str = json.loads(status_list.signed)["proof"]["verificationMethod"]
    return method

"""The page of one award: what all awards of a version share is rendered once, the rest put in.

Whether its proof and its status hold is found out anew at every visit.
"""

import marshal
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from babel.dates import format_date
from flask import render_template
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from app.assessment.disclosing import find_public
from app.awards.facts import award_address, image_address, png_address
from app.awards.models import Award
from app.awards.traces import Trace, read_trace
from app.core.db import reading
from app.programme.service import issuer_did
from app.public.quickly import Standing, check_plain, read_plain
from app.public.service import Verdict, check_award, get_shown_award
from app.public.signed import ShownFacts, signed_facts, signed_moments, signed_results

_MAX_FRAMES: Final = 300
# A word that nobody can have written into a text of the page.
_WORD: Final = secrets.token_hex(8)
_GAP: Final = re.compile(rf"\[{_WORD} (.*?)\]")


class _Gaps(Mapping[str, Markup]):
    """For every name, the mark of a gap in which what differs will stand."""

    def __getitem__(self, name: str) -> Markup:
        return Markup(f"[{_WORD} {name}]")  # noqa: S704 (cut out again, and never sent)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True)
class _Frame:
    """A rendered page, cut at its gaps. `reached`: what stands at a criterion, by level."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    reached: Mapping[str, str]

    def fill(self, said: Mapping[str, str]) -> str:
        """Return the page; a gap for which nothing is said stays empty."""
        filled = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            filled += (said.get(name, ""), piece)
        return "".join(filled)


_frames: dict[tuple[Any, ...], _Frame] = {}


def render_award(
    public_id: str, *, open_session: Callable[[], Session], base_url: str, now: datetime
) -> str:
    """Return the page of an award, as it stands now.

    `open_session`: a session costs more than all that a plain award needs.
    Raises: `NotFoundError`.
    """
    with reading() as wire:
        row = read_plain(wire, public_id)
    standing = check_plain(row, public_id, base_url=base_url, now=now) if row else None
    if standing is None:
        return _render_whole(open_session(), public_id, base_url=base_url, now=now)
    credential = standing.credential
    locale = str(get_locale())
    key = _key(standing, credential, locale, base_url)
    frame = _frames.get(key)
    if frame is None:
        award = get_shown_award(open_session(), public_id)
        facts = signed_facts(credential)
        verdict = Verdict(now, facts, is_valid=True)
        page = _render(award, verdict, _Gaps(), base_url=base_url)
        pieces = _GAP.split(page)
        frame = _Frame(tuple(pieces[::2]), tuple(pieces[1::2]), _reached_words(facts))
        if len(_frames) >= _MAX_FRAMES:
            _frames.clear()
        _frames[key] = frame
    awarded_at, expires_at, reissued_at = signed_moments(credential)
    said = _said(
        public_id,
        standing.recipient_name,
        locale=locale,
        base_url=base_url,
        awarded_at=awarded_at,
        expires_at=expires_at,
        reissued_at=reissued_at,
        checked_at=now,
    )
    return frame.fill(said | _marks(signed_results(credential), frame.reached))


def _render_whole(session: Session, public_id: str, *, base_url: str, now: datetime) -> str:
    award = get_shown_award(session, public_id)
    verdict = check_award(session, award, base_url=base_url, now=now)
    facts = verdict.facts
    said = _said(
        public_id,
        award.recipient_name,
        locale=str(get_locale()),
        base_url=base_url,
        awarded_at=facts.awarded_at,
        expires_at=facts.expires_at,
        reissued_at=facts.reissued_at,
        checked_at=now,
    )
    said |= _marks(facts.reached, _reached_words(facts))
    return _render(
        award,
        verdict,
        {name: Markup(text) for name, text in said.items()},  # noqa: S704 (escaped by `_said`)
        base_url=base_url,
        trace=read_trace(session, award, now=now),
        has_evidence=find_public(session, award, now=now) is not None,
    )


def _render(
    award: Award,
    verdict: Verdict,
    said: Mapping[str, Markup],
    *,
    base_url: str,
    trace: Trace | None = None,
    has_evidence: bool = False,
) -> str:
    version = award.version
    return render_template(
        "public/award.html",
        award=award,
        version=version,
        trace=trace or Trace((), ()),
        verdict=verdict,
        shown=verdict.facts,
        said=said,
        abouts={criterion.key: criterion.description for criterion in version.criteria},
        image_url=image_address(base_url, version),
        png_url=png_address(base_url, version),
        did=issuer_did(base_url, version.achievement.issuer),
        has_evidence=has_evidence,
    )


def _key(
    standing: Standing, credential: Mapping[str, Any], locale: str, base_url: str
) -> tuple[Any, ...]:
    """Return all on which the shared part of a page depends: what is signed, and the rows."""
    return (
        locale,
        base_url,
        standing.rows,
        bool(standing.recipient_name),
        "validUntil" in credential,
        credential["validFrom"] != credential["awardedDate"],
        bool(credential["credentialSubject"].get("result")),
        # Version 2 writes the same thing the same way, whoever else holds parts of it.
        marshal.dumps((credential["credentialSubject"]["achievement"], credential["issuer"]), 2),
    )


def _said(
    public_id: str,
    recipient_name: str | None,
    *,
    locale: str,
    base_url: str,
    awarded_at: datetime,
    expires_at: datetime | None,
    reissued_at: datetime | None,
    checked_at: datetime,
) -> dict[str, str]:
    """Return what differs from award to award, escaped."""
    return {
        "path": str(escape(f"/credentials/{public_id}")),
        "address": str(escape(award_address(base_url, public_id))),
        "holder": str(escape(recipient_name or "")),
        "awarded": _day(awarded_at.date(), locale),
        "expires": _day(expires_at.date(), locale) if expires_at else "",
        "reissued": _day(reissued_at.date(), locale) if reissued_at else "",
        "checked": _day(checked_at.date(), locale),
    }


def _marks(reached: Mapping[str, str], words: Mapping[str, str]) -> dict[str, str]:
    marks: dict[str, str] = {}
    for criterion, level in reached.items():
        if level in words:
            marks[f"criterion {criterion}"] = words[level]
            marks[f"level {level}"] = " level-reached"
            marks[f"here {level}"] = _reached_here()
    return marks


def _reached_words(facts: ShownFacts) -> dict[str, str]:
    """Return by rubric level what is said at its criterion when it was reached."""
    return {
        level.id: str(
            Markup('<p class="criterion-reached">{} <strong>{}</strong></p>').format(
                _("Reached:"), level.name
            )
        )
        for criterion in facts.criteria
        for level in criterion.levels
    }


def _reached_here() -> str:
    return str(Markup(' <span class="rubric-reached">{}</span>').format(_("Reached")))


@lru_cache(maxsize=4096)
def _day(day: date, locale: str) -> str:
    words = format_date(day, "long", locale=locale)
    return str(Markup('<time datetime="{}">{}</time>').format(day.isoformat(), words))

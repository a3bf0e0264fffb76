"""The grantor's queue: what waits, and what they have decided."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.approval.queries import count_waiting
from app.assessment.authors import count_co_authors
from app.assessment.blueprint import asked_filters, bp
from app.assessment.own_decisions import list_decided_by, list_pending_of
from app.assessment.queue import COUNTED, find_next_on, list_queue
from app.assessment.queue_filters import Filters, Place, QueueState, read_id
from app.assessment.queue_forms import (
    PROMISE_WORDS,
    STATE_WORDS,
    ActForm,
    FilterForm,
    age_words,
)
from app.assessment.queue_offers import Offers, list_offers
from app.assessment.queue_words import Words
from app.awards.souvenirs import Giver, list_givable
from app.core.access import requires_grantor
from app.core.clock import utcnow
from app.core.db import db
from app.core.pages import wants_fragment
from app.core.principal import current_principal
from app.programme.reviewers import is_reviewer


@bp.get("/assessment/queue")
@requires_grantor
def queue() -> ResponseReturnValue:
    """Show what waits for this grantor: what is promised first, then the oldest."""
    session, grantor, now = db.session(), current_principal(), utcnow()
    filters = asked_filters()
    after, before = Place.find(request.args.get("after")), Place.find(request.args.get("before"))
    offers = list_offers(session, grantor, now=now)
    page = list_queue(session, grantor, filters, after=after, before=before, now=now)
    facts: dict[str, Any] = {
        "page": page,
        "counted": COUNTED,
        "co_authors": count_co_authors(session, [row.work.id for row in page.rows]),
        "filters": filters,
        "chips": _chips(filters, offers),
        "is_first_page": after is None and before is None,
        "next_id": find_next_on(session, grantor, filters, page, now=now),
        "grantor": grantor,
        "words": Words(),
        "now": now,
    }
    vary = {"Vary": "X-Fragment"}
    if wants_fragment():
        return render_template("assessment/_queue.html", **facts), vary
    reviews = is_reviewer(session, grantor.person_id, now=now)
    whole = render_template(
        "assessment/queue.html",
        **facts,
        form=_filter_form(filters, offers),
        act=ActForm(),
        moderates=bool(offers.moderated),
        is_reviewer=reviews,
        review_count=count_waiting(session, grantor, now=now) if reviews else 0,
        gives_souvenirs=bool(list_givable(session, Giver.of(grantor), now=now)),
    )
    return whole, vary


@bp.get("/assessment/decided")
@requires_grantor
def decided() -> str:
    """Show what this grantor has decided or recommended: what can be undone first, then newest."""
    session, grantor, now = db.session(), current_principal(), utcnow()
    return render_template(
        "assessment/decided_by_me.html",
        pending=list_pending_of(session, grantor, now=now),
        page=list_decided_by(
            session,
            grantor,
            after_id=read_id(request.args.get("after")),
            before_id=read_id(request.args.get("before")),
        ),
    )


def _filter_form(filters: Filters, offers: Offers) -> FilterForm:
    form = FilterForm(data=filters.args)
    moderates = bool(offers.moderated) or filters.state is QueueState.DISPUTED
    form.offer(offers.achievements.items(), offers.courses.items(), moderates=moderates)
    return form


def _chips(filters: Filters, offers: Offers) -> list[tuple[str, str, dict[str, str]]]:
    """Return what the queue is narrowed to: what kind, in words, and the address without it."""
    chips: list[tuple[str, str, str]] = []
    if filters.achievement_id is not None:
        name = offers.achievements.get(filters.achievement_id)
        chips.append(
            ("achievement", _("Micro-credential"), name or _("one that you may not assess today"))
        )
    if filters.course_id is not None:
        title = offers.courses.get(filters.course_id)
        chips.append(("course", _("Course"), title or _("one in which nothing is for you today")))
    if filters.age_days is not None:
        chips.append(("age", _("Handed in"), age_words(filters.age_days)))
    if filters.promise is not None:
        chips.append(("promise", _("Promise"), str(PROMISE_WORDS[filters.promise])))
    if filters.state is not None:
        chips.append(("state", _("State"), str(STATE_WORDS[filters.state])))
    return [(kind, words, filters.without(name)) for name, kind, words in chips]

"""The whole history of a proposal, and its answers, in words for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import format_date, ngettext
from flask_babel import gettext as _

from app.approval.models import EventKind, Proposal, ProposalEvent
from app.approval.pinned import NO, YES, PinnedRules
from app.approval.standing import Vote
from app.programme.rules import Question

ICONS = {
    EventKind.BEGUN: "draft",
    EventKind.DOCUMENT_ADDED: "file",
    EventKind.DOCUMENT_REMOVED: "file",
    EventKind.SUBMITTED: "submitted",
    EventKind.VOTED: "in_assessment",
    EventKind.CONDITION_FULFILLED: "met",
    EventKind.STEP_CARRIED: "met",
    EventKind.RETURNED: "revision_requested",
    EventKind.DECLINED: "not_met",
    EventKind.APPROVED: "awarded",
    EventKind.REGISTERED: "awarded",
    EventKind.WITHDRAWN: "revoked",
}


@dataclass(frozen=True)
class Entry:
    """One event. `who`: `None` for what follows by rule. `text`: what the person wrote.

    `details`: pairs of a term and what it says. `items`: a list, such as conditions.
    `digest`: SHA-256 of what was submitted; empty for other events.
    """

    number: int
    round: int
    at: datetime
    who: str | None
    icon: str
    title: str
    text: str = ""
    details: list[tuple[str, str]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    digest: str = ""


@dataclass(frozen=True)
class Answered:
    """One question with its answer; `lines`: one for each thing chosen, none if unanswered."""

    label: str
    lines: list[str]


def describe_timeline(proposal: Proposal) -> list[Entry]:
    """Return everything that happened to a proposal, newest first."""
    pinned = proposal.pinned
    return [_entry(event, pinned) for event in reversed(proposal.events)]


def describe_answers(proposal: Proposal) -> list[tuple[str, list[Answered]]]:
    """Return the questions with their answers by section, in the preset's order."""
    sections: dict[str, list[Answered]] = {}
    for question in proposal.pinned.questions:
        answered = Answered(question.label, _say(question, proposal.answers))
        sections.setdefault(question.section, []).append(answered)
    return list(sections.items())


def vote_words(vote: Vote) -> str:
    """Return a vote in words."""
    words: dict[Vote, str] = {
        Vote.FOR: _("For"),
        Vote.FOR_WITH_CONDITIONS: _("For, with conditions"),
        Vote.AGAINST: _("Against"),
        Vote.ABSTAIN: _("Abstained"),
    }
    return words[vote]


def _say(question: Question, answers: Mapping[str, Any]) -> list[str]:
    answer = answers.get(question.key)
    if not answer:
        return []
    if question.kind == "yes_no":
        return [{YES: _("Yes"), NO: _("No")}.get(answer, answer)]
    if question.kind == "date":
        return [_day(answer)]
    return list(answer) if isinstance(answer, list) else [answer]


def _entry(event: ProposalEvent, pinned: PinnedRules) -> Entry:
    facts = event.facts
    return Entry(
        number=event.number,
        round=event.round,
        at=event.at,
        who=event.person.display_name if event.person else None,
        icon=ICONS[event.kind],
        title=_title(event, pinned),
        text=facts.get("comment") or facts.get("reason") or facts.get("note") or "",
        details=_details(event, pinned),
        items=facts.get("conditions") or [],
        digest=facts.get("digest", ""),
    )


def _title(event: ProposalEvent, pinned: PinnedRules) -> str:
    step = pinned.find_step(event.step_key)
    where = step.name if step else ""
    name = event.facts.get("name", "")
    titles: dict[EventKind, str] = {
        EventKind.BEGUN: _("Begun"),
        EventKind.DOCUMENT_ADDED: _("Document attached: %(name)s", name=name),
        EventKind.DOCUMENT_REMOVED: _("Document removed: %(name)s", name=name),
        EventKind.SUBMITTED: _("Submitted for review"),
        EventKind.STEP_CARRIED: _("%(step)s: carried", step=where),
        EventKind.RETURNED: _("%(step)s: returned for changes", step=where),
        EventKind.DECLINED: _("%(step)s: declined", step=where),
        EventKind.CONDITION_FULFILLED: _("%(step)s: a condition is fulfilled", step=where),
        EventKind.APPROVED: _("Approved"),
        EventKind.REGISTERED: _("Approval made elsewhere, registered"),
        EventKind.WITHDRAWN: _("Withdrawn"),
    }
    if event.kind is EventKind.VOTED:
        vote = vote_words(Vote(event.facts["vote"]))
        title: str = _("%(step)s: voted “%(vote)s”", step=where, vote=vote)
        return title
    return titles[event.kind]


def _details(event: ProposalEvent, pinned: PinnedRules) -> list[tuple[str, str]]:
    facts = event.facts
    found: list[tuple[str, str]] = []
    if "in_favour" in facts:
        found.append((_("Votes"), _votes(facts)))
    for criterion in pinned.review_criteria:
        score = (facts.get("scores") or {}).get(criterion.key)
        if score is not None:
            level = criterion.level[score["position"]].name
            note = f" – {score['note']}" if score["note"] else ""
            found.append((criterion.name, f"{level}{note}"))
    if "documents" in facts:
        names = [document["name"] for document in facts["documents"]]
        if names:
            found.append((_("Documents"), ", ".join(names)))
    if "reference" in facts:
        found.append((_("Reference"), facts["reference"]))
        if "decided_by" in facts:
            found.append((_("Decided by"), facts["decided_by"]))
            found.append((_("Decided on"), _day(facts["decided_on"])))
        until = facts["until"]
        found.append((_("Holds until"), _day(until) if until else _("it is changed")))
    return found


def _votes(facts: dict[str, Any]) -> str:
    words: str = ngettext(
        "%(in_favour)d for, %(against)d against, %(abstained)d abstained; quorum %(num)d",
        "%(in_favour)d for, %(against)d against, %(abstained)d abstained; quorum %(num)d",
        facts["quorum"],
        in_favour=facts["in_favour"],
        against=facts["against"],
        abstained=facts["abstained"],
    )
    return words


def _day(value: str) -> str:
    words: str = format_date(date.fromisoformat(value[:10]), "medium")
    return words

"""What a credential is made of: plain, frozen facts, handed over by the room that awards."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class IdentityType(StrEnum):
    """By what a recipient is known; the words are the standard's `IdentifierTypeEnum`."""

    EMAIL_ADDRESS = "emailAddress"
    LTI_USER_ID = "ltiUserId"


@dataclass(frozen=True, slots=True)
class AlignmentFacts:
    """One skill or competency of an outside framework that the achievement shows."""

    target_name: str
    target_url: str
    target_framework: str | None
    target_code: str | None
    target_type: str | None
    target_description: str | None = None


@dataclass(frozen=True, slots=True)
class IssuerFacts:
    """The organisation in whose name the award is made. `id` is its DID."""

    id: str
    name: str
    url: str
    email: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class LevelFacts:
    """One rubric level of a criterion. `id` is its address, as published with the achievement."""

    id: str
    name: str
    description: str
    points: int


@dataclass(frozen=True, slots=True)
class CriterionFacts:
    """One criterion with its rubric, lowest level first. `required_level`: the id of a level."""

    id: str
    name: str
    required_level: str | None
    levels: tuple[LevelFacts, ...]


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """Which level was reached at one criterion: the ids of both."""

    criterion_id: str
    level_id: str


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """One piece of work that everybody may see with the award.

    `id`: its address, `None` where only a description is shown. `digest_multibase`:
    of what stands there. `media_type`: `None` where nothing is known.
    """

    name: str
    id: str | None
    narrative: str | None = None
    digest_multibase: str | None = None
    media_type: str | None = None
    genre: str | None = None


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """An award's place in a status list: the list's address and the bit's number."""

    list_url: str
    index: int


@dataclass(frozen=True, slots=True)
class AchievementFacts:
    """One version of an achievement. `id` is its URL, `criteria_narrative` is Markdown.

    `related`: ids of the achievements of which a certificate consists.
    `endorsement`: the committee's signed endorsement as JSON, if there is one.
    """

    id: str
    achievement_type: str
    name: str
    description: str
    criteria_narrative: str
    image_url: str
    image_caption: str
    version: str
    tags: tuple[str, ...]
    alignments: tuple[AlignmentFacts, ...]
    level_name: str
    criteria: tuple[CriterionFacts, ...] = ()
    related: tuple[str, ...] = ()
    endorsement: str | None = None


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """Who earned it, as a salted hash: `hash` is what `hash_recipient` returned for `salt`."""

    hash: str
    salt: str
    identity_type: str


@dataclass(frozen=True, slots=True)
class AwardFacts:
    """One award. `id` is the credential's URL.

    `valid_from` is later than `awarded_at` only when the credential was issued again.
    `valid_until`: `None` if it never ends.
    """

    id: str
    awarded_at: datetime
    valid_from: datetime
    valid_until: datetime | None = None
    results: tuple[ResultFacts, ...] = ()
    evidence: tuple[EvidenceFacts, ...] = ()
    status: StatusFacts | None = None

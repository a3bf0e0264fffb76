"""Whom the rows of a list mean, and who of them is not to be awarded: some hundreds at a time.

Every question is one statement per chunk that names what it looks for, so that
no database has to guess how to join a list that was written a moment ago.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.awards.bulk import find_holders, find_previews
from app.awards.held import is_standing
from app.awards.lists import Listed
from app.awards.models import Award
from app.awards.souvenir_models import RowState, SouvenirBatch
from app.courses.models import Course, LtiUser, Person
from app.courses.people import select_learners

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Candidate:
    person_id: int
    is_from_lms: bool
    holds: bool


@dataclass
class Matcher:
    """Finds the people of one batch; remembers whom it has found already."""

    session: Session
    batch: SouvenirBatch
    course: Course | None
    now: datetime
    _found: set[int] = field(default_factory=set)

    def match(self, entries: Sequence[Listed], rows: Sequence[Row]) -> None:
        """Put people into some rows, and change the state of those who are not to be awarded."""
        self._name_people(entries, rows)
        self._find_addresses([row for row in rows if _is_open(row) and row["email"]])
        if self.course is not None:
            for row in rows:
                if _is_open(row) and row["person_id"] is None:
                    _refuse(row, "not_in_course")
        self._rule_out([row for row in rows if _is_open(row) and row["person_id"] is not None])

    def _name_people(self, entries: Sequence[Listed], rows: Sequence[Row]) -> None:
        """Take those who are ticked, or named by their course person id: all of the course."""
        asked = [
            (entry, row)
            for entry, row in zip(entries, rows, strict=True)
            if _is_open(row) and (entry.person_id is not None or entry.person_key)
        ]
        if not asked:
            return
        ids = self._find_keys([entry.person_key for entry, _ in asked if entry.person_key])
        wanted = {entry.person_id or ids.get(entry.person_key) for entry, _ in asked}
        learners = self._only_learners([each for each in wanted if each]) if self.course else set()
        for entry, row in asked:
            person_id = entry.person_id or ids.get(entry.person_key)
            if person_id in learners:
                row["person_id"] = person_id
            else:
                _refuse(row, "not_in_course")

    def _find_keys(self, keys: Sequence[str]) -> dict[str, int]:
        if self.course is None or not keys:
            return {}
        found = self.session.execute(
            select(LtiUser.sub, LtiUser.person_id).where(
                LtiUser.platform_id == self.course.platform_id, LtiUser.sub.in_(keys)
            )
        )
        return dict(found.all())

    def _find_addresses(self, rows: Sequence[Row]) -> None:
        """Find the person of each address: somebody from an LMS, else who was made known by it.

        Two people of an institution may have the same address in two LMSs; then
        it means neither of them. Whoever holds the Souvenir under this address
        keeps it, and is given no second one.
        """
        people = self._list_candidates([row["email"] for row in rows]) if rows else {}
        for row in rows:
            candidates = people.get(row["email"], [])
            chosen = [each for each in candidates if each.is_from_lms] or candidates
            if any(each.holds for each in candidates):
                row["state"] = RowState.HOLDS
                row["person_id"] = next(each.person_id for each in candidates if each.holds)
            elif len(chosen) > 1:
                _refuse(row, "several")
            elif chosen:
                row["person_id"] = chosen[0].person_id

    def _list_candidates(self, emails: Sequence[str]) -> dict[str, list[_Candidate]]:
        # Whoever turned out to be somebody else is that person, under either address.
        kept = func.coalesce(Person.merged_into_id, Person.id)
        standing = exists().where(
            Award.person_id == kept,
            Award.achievement_id == self.batch.achievement_id,
            is_standing(Award, self.now),
        )
        found = self.session.execute(
            select(
                func.lower(Person.email),
                kept,
                exists().where(LtiUser.person_id == kept),
                standing,
            )
            .where(
                Person.institution_id == self.batch.institution_id,
                func.lower(Person.email).in_(emails),
            )
            .distinct()
            .order_by(kept)
        ).all()
        here = self._only_learners([row[1] for row in found]) if self.course and found else None
        people: dict[str, list[_Candidate]] = defaultdict(list)
        for email, person_id, is_from_lms, holds in found:
            if here is None or person_id in here:
                people[email].append(_Candidate(person_id, is_from_lms, holds))
        return people

    def _only_learners(self, person_ids: Sequence[int]) -> set[int]:
        if self.course is None:
            return set()
        return set(
            self.session.scalars(
                select_learners(self.course.id, now=self.now)
                .where(Person.id.in_(person_ids))
                .with_only_columns(Person.id)
            )
        )

    def _rule_out(self, rows: Sequence[Row]) -> None:
        ids = [row["person_id"] for row in rows]
        if not ids:
            return
        previews = set(find_previews(self.session, ids))
        holders = find_holders(self.session, self.batch.achievement_id, ids, now=self.now)
        for row in rows:
            person_id = row["person_id"]
            if person_id in previews:
                _refuse(row, "preview")
            elif person_id == self.batch.created_by:
                _refuse(row, "own")
            elif person_id in holders:
                row["state"] = RowState.HOLDS
            elif person_id in self._found:
                row["state"] = RowState.REPEATED
            self._found.add(person_id)


def _is_open(row: Row) -> bool:
    return row["state"] is RowState.READY


def _refuse(row: Row, problem: str) -> None:
    row["state"], row["problem"] = RowState.REFUSED, problem

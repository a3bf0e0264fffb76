"""The parts of a certificate: what the document says of them, and when a set is complete. Pure.

    "parts": [
        {"of": [{"achievement": "a"}, {"achievement": "b", "from_version": 2}]},
        {"need": 2, "of": [{"achievement": "c"}, {"achievement": "d", "versions": [1, 3]},
                           {"achievement": "e"}]}]

Every group must be complete: all of its parts, or as many as `need` says.
Source: DOMAIN, rule 8.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.programme.wording import Slug

VersionNumber = Annotated[int, Field(ge=1)]
# By achievement: the numbers of the versions under which somebody holds it.
Held = Mapping[int, Collection[int]]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PartSpec(_Part):
    """One achievement that is a part, and which of its versions count.

    Every published version counts, unless `from_version` (that one and later
    ones) or `versions` (those alone) says otherwise.
    """

    achievement: Slug = Field(max_length=80)
    from_version: VersionNumber | None = None
    versions: Annotated[list[VersionNumber], Field(min_length=1, max_length=50)] | None = None

    @model_validator(mode="after")
    def _check_versions(self) -> "PartSpec":
        if self.from_version is not None and self.versions is not None:
            raise ValueError("say from_version or versions, not both")
        if self.versions is not None and self.versions != sorted(set(self.versions)):
            raise ValueError("versions must rise, and each stands once")
        return self


class PartGroupSpec(_Part):
    """Parts of which all are needed, or any `need` of them."""

    need: Annotated[int, Field(ge=1)] | None = None
    of: list[PartSpec] = Field(min_length=1, max_length=100)

    @property
    def needed(self) -> int:
        """How many of the parts are needed."""
        return len(self.of) if self.need is None else self.need

    @model_validator(mode="before")
    @classmethod
    def _say_all_in_one_way(cls, group: Any) -> Any:
        """Leave `need` out where it asks for all, so that the same set is the same document."""
        if isinstance(group, Mapping) and isinstance(group.get("of"), list):
            need = group.get("need")
            if isinstance(need, int) and not isinstance(need, bool) and need == len(group["of"]):
                return {name: value for name, value in group.items() if name != "need"}
        return group

    @model_validator(mode="after")
    def _check_need(self) -> "PartGroupSpec":
        if self.needed > len(self.of):
            raise ValueError(f"{self.needed} parts are needed, but there are {len(self.of)}")
        return self


@dataclass(frozen=True)
class PartRule:
    """One part as it is kept. `versions`, `from_version`: `None` where they set no limit."""

    part_id: int
    achievement_id: int
    from_version: int | None
    versions: frozenset[int] | None

    def counts(self, number: int) -> bool:
        """Say whether this version of the achievement counts."""
        if self.versions is not None:
            return number in self.versions
        return self.from_version is None or number >= self.from_version

    def is_held(self, held: Held) -> bool:
        """Say whether somebody holds this part."""
        return any(self.counts(number) for number in held.get(self.achievement_id, ()))


@dataclass(frozen=True)
class GroupRule:
    """Parts of which `needed` are needed."""

    needed: int
    parts: tuple[PartRule, ...]

    def count_missing(self, held: Held) -> int:
        """Return how many more parts of this group are needed."""
        return max(0, self.needed - sum(part.is_held(held) for part in self.parts))


def is_complete(groups: Sequence[GroupRule], held: Held) -> bool:
    """Say whether a set is complete; an empty one never is."""
    return bool(groups) and all(group.count_missing(held) == 0 for group in groups)


def count_missing(groups: Sequence[GroupRule], held: Held) -> int:
    """Return how many more parts are needed in all."""
    return sum(group.count_missing(held) for group in groups)


def part_slugs(groups: Iterable[PartGroupSpec]) -> list[str]:
    """Return the slugs of all parts, in order."""
    return [part.achievement for group in groups for part in group.of]


def find_circle(parts: Mapping[str, Collection[str]]) -> tuple[str, ...] | None:
    """Return a certificate that needs itself, with those between, or `None`.

    `parts`: by certificate, what it is made of. The circle begins and ends
    with the same one.
    """
    done: set[str] = set()
    for start in parts:
        path: list[str] = []
        on_path: set[str] = set()
        ways = [iter((start,))]
        while ways:
            here = next(ways[-1], None)
            if here is None:
                ways.pop()
                if path:
                    on_path.discard(path[-1])
                    done.add(path.pop())
            elif here in on_path:
                return (*path[path.index(here) :], here)
            elif here not in done:
                path.append(here)
                on_path.add(here)
                ways.append(iter(parts.get(here, ())))
    return None


def parts_first(parts: Mapping[str, Collection[str]]) -> list[str]:
    """Return the keys so that what a certificate is made of stands before it; no circles."""
    ordered: dict[str, None] = {}
    for start in parts:
        ways = [(start, iter(parts[start]))]
        while ways:
            here, rest = ways[-1]
            following = next((key for key in rest if key in parts and key not in ordered), None)
            if following is None:
                ordered.setdefault(here)
                ways.pop()
            else:
                ways.append((following, iter(parts[following])))
    return list(ordered)

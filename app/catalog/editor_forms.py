"""The forms of the editor: each holds one section of a draft, as typed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as PlainForm
from wtforms.fields.choices import SelectChoice

from app.catalog.editing import MAX_CRITERIA, MAX_LEVELS, number_or_text, with_keys
from app.core.forms import Form
from app.programme.models import Level
from app.programme.rules import ALL_REQUIRED, K_OF_N, WEIGHTED
from app.programme.wording import is_clean

MAX_INDEX_DIGITS = 4
PASS_RULE_WORDS = {
    ALL_REQUIRED: _l("Every required criterion is met"),
    K_OF_N: _l("Every required criterion is met, and a number of criteria in all"),
    WEIGHTED: _l("Every required criterion is met, and a share of the weighted points is reached"),
}


def typed_line(value: str | None) -> str | None:
    """Return one typed line: no control characters, single spaces."""
    if value is None:
        return None
    return " ".join(_visible(value.replace("\n", " ").replace("\t", " ")).split())


def typed_lines(value: str | None) -> str | None:
    """Return typed text with plain line ends and no control characters."""
    if value is None:
        return None
    return _visible(value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _visible(text: str) -> str:
    return text if is_clean(text) else "".join(char for char in text if is_clean(char))


class Rows(FieldList):
    """A list of rows; a number in a field's name that is none is not looked at."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        wanted = []
        for name in formdata:
            number = name[len(prefix) + 1 :].split("-", 1)[0] if name.startswith(prefix) else ""
            if number.isascii() and number.isdigit() and len(number) <= MAX_INDEX_DIGITS:
                wanted.append(int(number))
        yield from wanted


class SectionForm(Form):
    """One page of the editor; `seen` is the digest of the section when the page was made."""

    seen = HiddenField()


class AboutForm(SectionForm):
    """What it is."""

    name = StringField(
        _l("Name"),
        description=_l("What the holder can do, in a few words. It stands on the badge."),
        filters=[typed_line],
    )
    description = TextAreaField(
        _l("Description"),
        description=_l("Two or three sentences for somebody who has never heard of it."),
        filters=[typed_lines],
    )
    criteria_narrative = TextAreaField(
        _l("What it takes to earn it"),
        description=_l(
            "Public, and signed into every award. Markdown works: **bold**, lists, links."
        ),
        filters=[typed_lines],
    )
    image_alt = StringField(
        _l("The picture in words"),
        description=_l("Read aloud to people who do not see the badge’s picture."),
        filters=[typed_line],
    )
    tags = StringField(
        _l("Tags"),
        description=_l("Words to search for, with commas between them."),
        filters=[typed_line],
    )
    issuing_unit = StringField(
        _l("Issuing unit"),
        description=_l("The school, department or office that owns it."),
        filters=[typed_line],
    )

    def content(self) -> dict[str, Any]:
        """Return the section's fields of the draft."""
        names = ("name", "description", "criteria_narrative", "image_alt", "issuing_unit")
        tags = (tag.strip() for tag in (self.tags.data or "").split(","))
        return {name: self[name].data for name in names} | {
            "tags": list(dict.fromkeys(tag for tag in tags if tag))
        }

    @classmethod
    def of(cls, draft: Mapping[str, Any]) -> Self:
        """Build the form from a draft, or from what was sent."""
        return cls(data={**draft, "tags": ", ".join(draft.get("tags") or [])})


class LevelFields(PlainForm):
    """One rubric level."""

    name = StringField(_l("Level"), filters=[typed_line])
    points = StringField(_l("Points"), filters=[typed_line])
    description = TextAreaField(
        _l("What can be seen"),
        filters=[typed_lines],
    )


class CriterionFields(PlainForm):
    """One criterion with its levels; `enough` is the number of the lowest level that is enough."""

    key = HiddenField(filters=[typed_line])
    name = StringField(_l("Criterion"), filters=[typed_line])
    description = TextAreaField(
        _l("What is to be shown"),
        filters=[typed_lines],
    )
    required = BooleanField(_l("Required: without it there is no award"))
    weight = StringField(
        _l("Weight"),
        description=_l("Its share of the points; 1 if all count alike."),
        filters=[typed_line],
    )
    enough = SelectField(_l("The lowest level that is enough"), validate_choice=False)
    levels = Rows(FormField(LevelFields), max_entries=MAX_LEVELS)

    def content(self, *, weighs: bool) -> dict[str, Any]:
        """Return one criterion of the draft."""
        levels = [
            {
                "name": row.form.name.data or "",
                "description": row.form.description.data or "",
                "points": number_or_text(row.form.points.data),
            }
            for row in self.levels
        ]
        chosen = self.enough.data or ""
        place = int(chosen) if chosen.isascii() and chosen.isdigit() else -1
        return {
            "key": self.key.data or "",
            "name": self.name.data or "",
            "description": self.description.data or "",
            "required": bool(self.required.data),
            "weight": (number_or_text(self.weight.data) or 1) if weighs else 1,
            "required_level": levels[place]["name"] if 0 <= place < len(levels) else "",
            "levels": levels,
        }


class CriteriaForm(SectionForm):
    """Criteria and rubric."""

    criteria = Rows(FormField(CriterionFields), max_entries=MAX_CRITERIA)

    def content(self, *, weighs: bool) -> dict[str, Any]:
        """Return the section's fields of the draft."""
        return {"criteria": with_keys([row.form.content(weighs=weighs) for row in self.criteria])}

    @classmethod
    def of(cls, draft: Mapping[str, Any]) -> Self:
        """Build the form from a draft, or from what was sent."""
        form = cls(data={"criteria": [_criterion_data(item) for item in draft.get("criteria", [])]})
        for row in form.criteria:
            row.form.enough.choices = [
                SelectChoice(str(number), f"{number + 1}. {level.form.name.data or '…'}")
                for number, level in enumerate(row.form.levels)
                if number
            ]
        return form


class PassingForm(SectionForm):
    """When it is passed."""

    kind = RadioField(_l("It is passed when"), validate_choice=False)
    k = StringField(
        _l("How many criteria in all"),
        description=_l("For the rule that counts criteria."),
        filters=[typed_line],
    )
    threshold = StringField(
        _l("Share of the weighted points"),
        description=_l("For the rule that weighs. Each criterion’s weight stands beside it."),
        filters=[typed_line],
    )

    grantors_needed = StringField(
        _l("How many grantors must agree"),
        description=_l(
            "Usually one. Of several, each assesses without seeing the others; where they do not "
            "agree, a moderator settles it."
        ),
        filters=[typed_line],
    )
    is_anonymous = BooleanField(
        _l("Assess it anonymously"),
        description=_l("Those who assess are not told whose work it is."),
    )

    def content(self) -> dict[str, Any]:
        """Return the section's fields of the draft; what is usual is left out."""
        needed = number_or_text(self.grantors_needed.data)
        rest = {
            "grantors_needed": None if needed == 1 else needed,
            "is_anonymous": True if self.is_anonymous.data else None,
        }
        kind = self.kind.data or ALL_REQUIRED
        rule: dict[str, Any] = {"kind": kind}
        if kind == K_OF_N:
            rule["k"] = number_or_text(self.k.data)
        if kind == WEIGHTED:
            rule["threshold"] = number_or_text(self.threshold.data)
        said = {name: value for name, value in rule.items() if value is not None}
        return {"pass_rule": said, **rest}

    @classmethod
    def of(cls, draft: Mapping[str, Any], level: Level) -> Self:
        """Build the form from a draft, or from what was sent, with the level's rules."""
        rule = draft.get("pass_rule") or {}
        form = cls(
            data={
                "kind": rule.get("kind") or level.pass_rules[0],
                "k": _shown_number(rule.get("k")),
                "threshold": _shown_number(rule.get("threshold")),
                "grantors_needed": _shown_number(draft.get("grantors_needed", 1)),
                "is_anonymous": draft.get("is_anonymous") is True,
            }
        )
        form.kind.choices = [
            SelectChoice(kind, PASS_RULE_WORDS.get(kind, kind)) for kind in level.pass_rules
        ]
        return form


class ValidityForm(SectionForm):
    """How long an award holds."""

    validity_months = StringField(
        _l("An award is valid for"),
        description=_l("Leave it empty if it never expires."),
        filters=[typed_line],
    )
    renewal = TextAreaField(
        _l("How it is renewed"),
        description=_l("For the holder of an award that runs out. Markdown works."),
        filters=[typed_lines],
    )

    def content(self) -> dict[str, Any]:
        """Return the section's fields of the draft."""
        months = number_or_text(self.validity_months.data)
        return {"validity_months": months, "renewal": self.renewal.data}

    @classmethod
    def of(cls, draft: Mapping[str, Any]) -> Self:
        """Build the form from a draft, or from what was sent."""
        months = _shown_number(draft.get("validity_months"))
        return cls(data={"validity_months": months, "renewal": draft.get("renewal")})


def _criterion_data(item: Mapping[str, Any]) -> dict[str, Any]:
    levels = item.get("levels") or []
    names = [level.get("name") for level in levels]
    wanted = item.get("required_level")
    enough = names.index(wanted) if wanted and wanted in names else len(names) - 1
    return {
        **item,
        "required": item.get("required", True),
        "weight": _shown_number(item.get("weight", 1)),
        "enough": str(enough),
        "levels": [{**level, "points": _shown_number(level.get("points"))} for level in levels],
    }


def _shown_number(value: object) -> str:
    return "" if value is None else str(value)

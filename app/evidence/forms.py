"""The form by which a learner hands in work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    IntegerField,
    SelectMultipleField,
    StringField,
    SubmitField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from app.catalog.models import Criterion
from app.core.forms import Form
from app.evidence.drafts import MAX_LINKS
from app.evidence.group_lists import Asked
from app.evidence.models import Artifact, ArtifactKind, Attempt
from app.evidence.parts import find_text, is_locked, list_of_part, list_part_ids
from app.mapping.artifact_kinds import describe_kinds
from app.mapping.models import Assignment

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class LinkRow:
    """A link as it was typed, and what the learner calls it."""

    url: str
    note: str = ""


class LinksField(Field):
    """Rows of a link and a note each: both are sent as often as there are rows.

    `errors` are of the whole field; `row_errors` of single rows, by their number.
    """

    errors: Any
    row_errors: dict[int, str]

    def process(self, formdata: Any, *args: Any, **options: Any) -> None:
        """Read the rows; without a single one, the draft's stay."""
        super().process(formdata, *args, **options)
        self.row_errors = {}
        if formdata and self.name in formdata:
            notes = [*formdata.getlist(self.note_name)]
            urls = formdata.getlist(self.name)
            notes += [""] * (len(urls) - len(notes))
            self.data = [
                LinkRow(url, note)
                for url, note in zip(urls, notes, strict=False)
                if url.strip() or note.strip()
            ]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Leave it to `process`, which sees both fields of a row."""

    @property
    def note_name(self) -> str:
        """The name under which the notes are sent."""
        return f"{self.name}_note"

    @property
    def rows(self) -> list[LinkRow]:
        """The rows to show: those that are filled, and an empty one while there is room."""
        filled = list(self.data or ())
        return [*filled, LinkRow("")] if len(filled) < MAX_LINKS else filled

    def row_id(self, index: int) -> str:
        """Return the id of a row's link."""
        return self.id if index == 0 else f"{self.id}-{index + 1}"

    def point_out(self, index: int, message: str) -> None:
        """Put a message at one row."""
        self.row_errors[index] = message
        self.errors = [*self.errors, message]

    @property
    def error_target(self) -> str:
        """The id of the first row with a message."""
        return self.row_id(min(self.row_errors, default=0))


class PartForm(Form):
    """Files, links and a text of one part, as far as the assignment asks for them.

    `plain_megabytes`: how large a file may be that is sent without script.
    """

    files = MultipleFileField(_l("Files"))
    link = LinksField(_l("Link"))
    text = TextAreaField(_l("Text"))

    criterion_id: int | None
    key: str
    plain_megabytes: int = 0

    @classmethod
    def for_part(
        cls,
        assignment: Assignment,
        draft: Attempt | None,
        criterion_id: int | None,
        *,
        max_file_bytes: int,
    ) -> "PartForm":
        """Build the fields of one part, filled with the draft unless they were sent."""
        text = find_text(draft, criterion_id)
        links = list_of_part(draft, ArtifactKind.LINK, criterion_id)
        form = cls(
            prefix=part_key(criterion_id),
            meta={"csrf": False},
            link=[LinkRow(each.url or "", each.note or "") for each in links],
            text=text.text if text else "",
        )
        form.criterion_id, form.key = criterion_id, part_key(criterion_id)
        form.link.description = gettext(
            "The address of your work on the web, beginning with https://. "
            "Make sure that it can be opened without your password."
        )
        form.text.description = gettext("Markdown works: **bold**, *italic*, lists, links.")
        if assignment.max_files:
            form.files.description = _describe_files(assignment)
            form.plain_megabytes = largest_file(assignment, max_file_bytes) // MEGABYTE
        else:
            del form.files
        if not assignment.accepts_link:
            del form.link
        if not assignment.accepts_text:
            del form.text
        return form


@dataclass(frozen=True)
class Section:
    """One part on the page. `criterion`: `None` for the whole assignment.

    `fields`: `None` for a part that is locked. `files`: of the draft; of a locked
    part, `kept`: all of its artifacts.
    """

    criterion: Criterion | None
    fields: PartForm | None
    files: list[Artifact]
    kept: list[Artifact]


class WorkForm(Form):
    """The parts of a work, and what can be done with all of it.

    `remove`: the artifact whose “Remove” button was pressed. The buttons live in
    this form, so that pressing one loses nothing of what was typed elsewhere.
    `seen`: how the draft stood when the page was made; `keep_mine`: how it stands
    now, sent by somebody who has seen both versions and wants their own.
    `has_signed`: the learner has signed before, as one of a group; `sign`: the digest of the
    words that one of a group signs, and keeps what was typed with that.
    """

    seen = HiddenField()
    keep_mine = StringField()
    remove = IntegerField(validators=[Optional()])
    preview = StringField()
    keep_earlier = SubmitField(_l("Start from what you handed in before"))
    browse = SubmitField(_l("Use earlier work"))
    more = SubmitField(_l("Add another link"))
    without = SelectMultipleField(
        _l("Not answered yet"), coerce=int, validate_choice=False, validators=[Optional()]
    )
    signs = BooleanField(_l("I sign this statement"))
    sign = StringField()
    save = SubmitField(_l("Save draft"))
    hand_in = SubmitField(_l("Hand in"))

    parts: list[PartForm]
    unanswered: Sequence[Asked]
    has_signed: bool

    def __iter__(self) -> Iterator[Field]:
        """Go through the fields of each part, then one's own."""
        for part in getattr(self, "parts", ()):
            yield from part
        yield from super().__iter__()

    @classmethod
    def for_draft(
        cls,
        assignment: Assignment,
        draft: Attempt | None,
        seen: str,
        *,
        unanswered: Sequence[Asked] = (),
        has_signed: bool = False,
        max_file_bytes: int,
    ) -> "WorkForm":
        """Build the form of one assignment, filled with the draft unless it was sent.

        `unanswered`: who was invited to this work and may still answer.
        """
        form = cls(seen=seen)
        form.parts = [
            PartForm.for_part(assignment, draft, part_id, max_file_bytes=max_file_bytes)
            for part_id in list_part_ids(assignment)
            if not is_locked(draft, part_id)
        ]
        if not assignment.statement:
            del form.signs
        form.without.description = gettext(
            "Their invitation ends when you hand in: the work is then not theirs. "
            "Wait for their answer if you want to hand in together."
        )
        form.without.choices = [
            SelectChoice(
                str(each.id), gettext("Hand in without %(name)s", name=each.person.display_name)
            )
            for each in unanswered
        ]
        form.unanswered = unanswered
        form.has_signed = has_signed
        if not unanswered:
            del form.without
        return form

    @property
    def errors(self) -> dict[Any, Any]:
        """What is wrong, in all parts."""
        return {field.name: field.errors for field in self if field.errors}

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each field of each part."""
        for part in self.parts:
            part.validate()
        super().validate(extra_validators)
        return not self.errors

    def point_out(self, message: str) -> None:
        """Put a message that is about all of it at the first field."""
        field = next(field for part in self.parts for field in part) if self.parts else self.hand_in
        field.errors = [*field.errors, message]

    def point_out_part(self, criterion_id: int | None, message: str) -> None:
        """Put a message that is about one part at its first field, unless it has one already."""
        part = next((each for each in self.parts if each.criterion_id == criterion_id), None)
        field = next(iter(part), None) if part else self.hand_in
        if (part is not None and part.errors) or field is None:
            return
        if isinstance(field, LinksField):
            field.point_out(0, message)
        else:
            field.errors = [*field.errors, message]

    def sections(self, assignment: Assignment, draft: Attempt | None) -> list[Section]:
        """Return the parts as the page shows them."""
        criteria = {criterion.id: criterion for criterion in assignment.criteria}
        fields = {part.criterion_id: part for part in self.parts}
        return [
            Section(
                criterion=criteria.get(part_id) if part_id else None,
                fields=fields.get(part_id),
                files=list_of_part(draft, ArtifactKind.FILE, part_id),
                kept=[
                    each
                    for each in (draft.artifacts if draft else ())
                    if each.criterion_id == part_id
                ],
            )
            for part_id in list_part_ids(assignment)
        ]


def part_key(criterion_id: int | None) -> str:
    """Return what the names of a part's fields begin with; nothing for the whole assignment."""
    return "" if criterion_id is None else f"c{criterion_id}"


def largest_file(assignment: Assignment, max_file_bytes: int) -> int:
    """Return how large a file may be here: what the instructor chose, if the tool takes that.

    Units: bytes.
    """
    return min(max_file_bytes, (assignment.max_file_mb or max_file_bytes) * MEGABYTE)


def _describe_files(assignment: Assignment) -> str:
    kinds = ", ".join(describe_kinds(assignment.file_kinds))
    text: str = ngettext(
        "One file. Accepted: %(kinds)s.",
        "Up to %(num)d files. Accepted: %(kinds)s.",
        assignment.max_files,
        kinds=kinds,
    )
    return text

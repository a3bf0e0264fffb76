"""What the demo, the tests and the benchmarks are filled with, as commands of an installation."""

from collections.abc import Sequence
from pathlib import Path

from app.sandbox.identities import subject_of
from app.sandbox.people import get_known_person
from app.sandbox.profiles import PROFILES, STANDARD

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "lti_config" / "example"
ISSUERS = (
    ("psychology", "Department of Psychological Science"),
    ("nursing", "School of Nursing"),
)

# Who is appointed for something below, and so known before the first launch.
KNOWN_AGAIN = ("u-grantor-1", "u-grantor-2", "u-administrator", "u-head", "u-assistant")


def demo_commands(lms: str) -> list[Sequence[str]]:
    """Return the commands that fill the demo: the practice LMS may behave as any of its LMSs."""
    others = [name for name, profile in PROFILES.items() if profile is not STANDARD]
    return [
        *example_commands(lms),
        *moderated_commands(),
        *(
            command
            for number, name in enumerate(others, start=2)
            for command in known_again_commands(lms, name, number)
        ),
    ]


def example_commands(lms: str, profile: str = "standard") -> list[Sequence[str]]:
    """Return the commands that fill an example: those of a real installation."""
    preset = ROOT / "lti_config" / "programme" / "kennesaw_state.toml"
    return [
        ("institutions", "add", "--slug", "main", "--name", "Example University", "--if-missing"),
        *(
            (
                *("issuers", "add", "--slug", slug, "--name", name),
                *("--url", f"https://{slug}.university.example", "--if-missing"),
            )
            for slug, name in ISSUERS
        ),
        ("programme", "load", str(preset)),
        ("skills", "import", str(ROOT / "lti_config" / "skills" / "nace.csv")),
        (
            *("achievements", "import", str(EXAMPLE / "achievements.json")),
            *("--approved-by", "MCC-2026-014"),
        ),
        (
            *("achievements", "import", str(EXAMPLE / "certificates.json")),
            *("--approved-by", "MCC-2026-015"),
        ),
        (
            *("achievements", "import", str(EXAMPLE / "souvenirs.json")),
            *("--approved-by", "Owl Life 2026-31"),
        ),
        *practice_lms_commands(lms, profile, 1),
    ]


def moderated_commands() -> list[Sequence[str]]:
    """Return the commands for a badge that two assess, blind to each other and to names.

    With a moderator, who settles what they do not agree on.
    """
    slug = "peer-review-of-research"
    profile = PROFILES[STANDARD.name]
    roles = (("u-grantor-1", "grantor"), ("u-grantor-2", "grantor"), ("u-head", "moderator"))
    people = [(get_known_person(person_id), role) for person_id, role in roles]
    return [
        (
            *("achievements", "import", str(EXAMPLE / "moderated.json")),
            *("--approved-by", "MCC-2026-016"),
        ),
        *(
            (
                *("grantors", "appoint", "--achievement", slug, "--platform", "1"),
                *("--sub", subject_of(profile, person), "--name", person.name, "--role", role),
            )
            for person, role in people
        ),
    ]


def practice_lms_commands(lms: str, name: str, number: int) -> list[Sequence[str]]:
    """Return the commands that register the practice LMS and its people as it behaves.

    `number`: which registration it will be.
    """
    profile = PROFILES[name]
    grantors = (
        ("literature-search-and-synthesis", "u-grantor-1"),
        ("literature-search-and-synthesis", "u-grantor-2"),
        ("research-integrity-and-citation", "u-grantor-1"),
        ("research-integrity-and-citation", "u-grantor-2"),
        ("clinical-handover-communication", "u-grantor-2"),
        ("undergraduate-research-day", "u-grantor-1"),
    )
    administrator = get_known_person("u-administrator")
    seats = (
        ("career_planning", "", "u-grantor-2"),
        *(("unit_leaders", unit, "u-head") for _slug, unit in ISSUERS),
        *(("committee", "", each) for each in ("u-head", "u-grantor-1", "u-grantor-2")),
        ("committee", "", "u-administrator"),
        ("executive", "", "u-administrator"),
        ("owl_life", "", "u-assistant"),
        ("curriculog", "", "u-head"),
    )
    reviewers = [(group, unit, get_known_person(person_id)) for group, unit, person_id in seats]
    people = [(slug, get_known_person(person_id)) for slug, person_id in grantors]
    return [
        _platform_command(lms, name),
        *(
            (
                *("grantors", "appoint", "--achievement", slug, "--platform", str(number)),
                *("--sub", subject_of(profile, person), "--name", person.name),
            )
            for slug, person in people
        ),
        (
            *("administrators", "appoint", "--platform", str(number)),
            *("--sub", subject_of(profile, administrator), "--name", administrator.name),
        ),
        *(
            (
                *("reviewers", "appoint", "--group", group, "--platform", str(number)),
                *("--sub", subject_of(profile, person), "--name", person.name),
                *(("--unit", unit) if unit else ()),
            )
            for group, unit, person in reviewers
        ),
    ]


def known_again_commands(lms: str, name: str, number: int) -> list[Sequence[str]]:
    """Return the commands that register the practice LMS once more, behaving as another.

    Its people are those whom the first registration knows, by the ids of this one: one person
    with one appointment each, wherever they come from.
    """
    first, profile = PROFILES[STANDARD.name], PROFILES[name]
    people = [get_known_person(person_id) for person_id in KNOWN_AGAIN]
    return [
        _platform_command(lms, name),
        *(
            (
                *("people", "known-as", "--platform", "1", "--sub", subject_of(first, person)),
                *("--also-platform", str(number), "--also-sub", subject_of(profile, person)),
            )
            for person in people
        ),
    ]


def _platform_command(lms: str, name: str) -> Sequence[str]:
    profile = PROFILES[name]
    title = "Practice LMS" if profile is STANDARD else f"Practice LMS as {profile.title}"
    audience = profile.audience(lms)
    return (
        *("platforms", "add", "--name", title, "--issuer", lms),
        *("--client-id", profile.client_id, "--auth-url", f"{lms}/lti/authorize"),
        *("--token-url", f"{lms}/lti/token", "--jwks-url", f"{lms}/lti/jwks.json"),
        *(("--token-audience", audience) if profile.has_own_audience else ()),
        *("--deployment-id", profile.deployment_id, "--if-missing"),
    )

"""`make bench-credentials`: what signing a credential costs, beside what it can cost.

One core signs the same credentials by turns: the bare signature, this program, PyLD in full,
and npm's @digitalbazaar/vc. CREDENTIALS.md beside this file says what the figures mean.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path[:0] = [str(ROOT)]

from app.credentials.facts import (  # noqa: E402 (the path is set first)
    AchievementFacts,
    AlignmentFacts,
    AwardFacts,
    CriterionFacts,
    IssuerFacts,
    LevelFacts,
    RecipientFacts,
    ResultFacts,
    StatusFacts,
)
from app.credentials.fast_verify import digest_of  # noqa: E402
from app.credentials.jwt import generate_private_jwk, sign_jwt  # noqa: E402
from app.credentials.keys import (  # noqa: E402
    encode_multibase,
    load_private_key,
    multikey_to_public,
    public_multikey,
    verification_method,
)
from app.credentials.linked_data import SHIPPED_CONTEXTS, to_quads  # noqa: E402
from app.credentials.mould import Mould  # noqa: E402
from app.credentials.openbadge import build_credential, hash_recipient, to_json  # noqa: E402
from app.credentials.signing import digest_canonically, sign_canonically  # noqa: E402
from tests.verifiers import install  # noqa: E402

HOST = "https://assay.example.edu"
DID = "did:web:assay.example.edu"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
PRIVATE = bytes(range(32))
METHOD = verification_method(DID, public_multikey(PRIVATE))
SIGNING: dict[str, Any] = {
    "private_key": PRIVATE,
    "verification_method": METHOD,
    "created": NOON,
}
ISSUER = IssuerFacts(DID, "College of Examples", f"{HOST}/", "badges@example.edu", "Awards.")
SKILLS = tuple(
    AlignmentFacts(name, f"http://data.europa.eu/esco/skill/{name[:5]}", "ESCO", None, "CFItem")
    for name in ("think critically", "write reports", "cite sources")
)
SECRET_HEADER = b"\x80\x26"
AWARDS = 1000
SLOW = 40


def make_achievement(criteria: int) -> AchievementFacts:
    """Return an achievement with so many criteria of three levels each."""
    address = f"{HOST}/achievements/{criteria:032x}"
    steps = ("Beginning", "Sound", "Excellent")
    return AchievementFacts(
        id=address,
        achievement_type="Badge",
        name="Critical Thinking",
        description="Weighs evidence and argues from it. " * 4,
        criteria_narrative="## What is shown\n\n- weighs *two* sources\n- draws a conclusion\n" * 3,
        image_url=f"{address}/image.svg",
        image_caption="Gold badge",
        version="2",
        tags=("reasoning", "evidence"),
        alignments=SKILLS,
        level_name="Level II",
        criteria=tuple(
            CriterionFacts(
                id=f"{address}#c{number}",
                name=f"Criterion {number}",
                required_level=f"{address}#c{number}-1",
                levels=tuple(
                    LevelFacts(f"{address}#c{number}-{step}", said, f"{said} work. " * 6, step)
                    for step, said in enumerate(steps)
                ),
            )
            for number in range(criteria)
        ),
    )


def make_award(number: int, achievement: AchievementFacts) -> AwardFacts:
    """Return one of many awards: all differ."""
    return AwardFacts(
        id=f"{HOST}/credentials/{number * 7919:032x}",
        awarded_at=NOON,
        valid_from=NOON,
        results=tuple(
            ResultFacts(criterion.id, criterion.levels[(number + place) % 3].id)
            for place, criterion in enumerate(achievement.criteria)
        ),
        status=StatusFacts(f"{HOST}/status/1", number),
    )


def make_recipient(number: int) -> RecipientFacts:
    """Return somebody else for every number."""
    salt = f"{number * 104_729:032x}"
    return RecipientFacts(hash_recipient(f"p{number}@example.edu", salt), salt, "emailAddress")


def cost(act: Callable[[int], object], times: int) -> float:
    """Return what one of so many acts took. Units: CPU seconds."""
    began = time.process_time()
    for number in range(times):
        act(number)
    return (time.process_time() - began) / times


def ask_peer(credential: dict[str, Any], times: int) -> tuple[float, str]:
    """Return what a signature of npm's @digitalbazaar/vc took, and the signature."""
    question = {
        "credential": credential,
        "created": "2026-01-05T12:00:00Z",
        "documents": SHIPPED_CONTEXTS,
        "times": times,
        "key": {
            "@context": "https://w3id.org/security/multikey/v1",
            "type": "Multikey",
            "id": METHOD,
            "controller": DID,
            "publicKeyMultibase": public_multikey(PRIVATE),
            "secretKeyMultibase": encode_multibase(SECRET_HEADER + PRIVATE),
        },
    }
    node = install.node_command()
    if node is None or not install.node_is_current():
        raise SystemExit("Run first: .venv/bin/python tests/verifiers/install.py")
    script = shutil.copy(BENCH / "credentials_peer.mjs", install.NODE_HOME)
    done = subprocess.run(
        [*node, str(script)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    answer = json.loads(done.stdout)
    return answer["seconds"], answer["proofValue"]


def measure(achievement: AchievementFacts, rounds: int) -> dict[str, float]:
    """Sign by turns; return the median of every way. Units: CPU seconds for one."""
    awards = [(make_award(n, achievement), make_recipient(n)) for n in range(AWARDS)]
    mould, key = Mould(achievement, ISSUER), load_private_key(PRIVATE)
    built = build_credential(*awards[0], achievement, ISSUER)
    exact = sign_canonically(built, **SIGNING)
    if mould.sign(*awards[0], **SIGNING) != to_json(exact):
        raise SystemExit("Two ways of signing do not agree.")
    jwk = generate_private_jwk()
    public, proof = multikey_to_public(public_multikey(PRIVATE)), dict(exact["proof"][0])
    proof_value = proof.pop("proofValue")
    signature = key.sign(digest_of(exact))

    def verify_quickly(_number: int) -> None:
        public.verify(signature, digest_of(exact))

    def verify_exactly(_number: int) -> None:
        public.verify(signature, digest_canonically(built, proof))

    ways: dict[str, Callable[[], float]] = {
        "bare Ed25519 signature": lambda: cost(lambda _: key.sign(signature), AWARDS),
        "Assay, award by award": lambda: cost(lambda n: mould.sign(*awards[n], **SIGNING), AWARDS),
        "Assay, token (RS256)": lambda: cost(
            lambda _: sign_jwt(exact, private_jwk=jwk, kid=METHOD), SLOW * 4
        ),
        "PyLD in full": lambda: cost(lambda _: sign_canonically(built, **SIGNING), SLOW),
        "check, quick digest": lambda: cost(verify_quickly, SLOW * 10),
        "check, PyLD in full": lambda: cost(verify_exactly, SLOW),
    }
    found: dict[str, list[float]] = {name: [] for name in (*ways, "npm @digitalbazaar/vc")}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
        seconds, theirs = ask_peer(built, SLOW)
        if theirs != proof_value:
            raise SystemExit("The peer signs something else.")
        found["npm @digitalbazaar/vc"].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def tell(title: str, found: dict[str, float]) -> None:
    """Print a table."""
    raw, peer = found["bare Ed25519 signature"], found["npm @digitalbazaar/vc"]
    print(f"\n| {title} | µs | per second | × bare signature | × npm peer |")
    print("| --- | --- | --- | --- | --- |")
    for name, seconds in sorted(found.items(), key=lambda each: each[1]):
        print(
            f"| {name} | {seconds * 1e6:.0f} | {1 / seconds:,.0f} "
            f"| {raw / seconds:.2f} | {peer / seconds:.1f} |"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure both kinds of credential on one core."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args(arguments)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    for criteria in (0, 3):
        achievement = make_achievement(criteria)
        credential = build_credential(
            make_award(1, achievement), make_recipient(1), achievement, ISSUER
        )
        size = f"{len(to_quads(credential))} quads, {len(to_json(credential)) / 1000:.1f} kB"
        tell(f"{criteria} criteria: {size}", measure(achievement, chosen.rounds))


if __name__ == "__main__":
    main()

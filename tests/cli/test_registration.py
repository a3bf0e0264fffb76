"""The commands of invitations, approval, administrators and keys."""

import json
import re

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.crypto import hash_secret
from app.platforms.models import Invitation, Platform, PlatformStatus


def test_only_the_link_is_on_standard_output(installation, run, session):
    result = run("platforms", "invite", "--name", "Our Moodle", "--hours", "2")

    assert result.exit_code == 0
    link = re.fullmatch(r"https://tool\.test/lti/register\?invite=([\w-]{40,})\n", result.stdout)
    assert link
    assert "can be used once" in result.stderr
    assert link[1] not in result.stderr
    invitation = session.query(Invitation).one()
    assert invitation.secret_hash == hash_secret(link[1])
    assert (invitation.expires_at - invitation.created_at).total_seconds() == 7200
    assert (invitation.name, invitation.created_by) == ("Our Moodle", "command:platforms invite")


def test_an_invitation_lasts_seven_days_and_is_listed_and_withdrawn(installation, session):
    installation("platforms", "invite")

    [row] = json.loads(installation("platforms", "invitations", "--json"))
    invitation = session.query(Invitation).one()
    assert (invitation.expires_at - invitation.created_at).days == 7
    assert (row["state"], row["platform"]) == ("open", None)
    installation("platforms", "withdraw", str(row["id"]))
    installation("platforms", "withdraw", str(row["id"]))
    [row] = json.loads(installation("platforms", "invitations", "--json"))
    assert row["state"] == "withdrawn"
    actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions[-2:] == ["invitation.made", "invitation.withdrawn"]


@pytest.mark.parametrize("hours", ["0", "-1", "100000", "x"])
def test_an_invitation_has_a_sensible_end(installation, run, hours):
    assert run("platforms", "invite", "--hours", hours).exit_code == 2


def test_an_invitation_names_its_institution_where_there_are_several(installation, refused, done):
    installation("institutions", "add", "--slug", "other", "--name", "Other")

    assert "several institutions" in refused("platforms", "invite")
    assert "invite=" in done("platforms", "invite", "--institution", "other")
    assert "no such invitation" in refused("platforms", "withdraw", "1", "--institution", "ksu")


def test_a_waiting_platform_is_approved_once(installation, refused, session):
    session.query(Platform).one().status = PlatformStatus.PENDING
    session.commit()

    row = json.loads(installation("platforms", "approve", "1"))

    assert row["status"] == "active"
    assert "does not wait" in refused("platforms", "approve", "1")
    assert "no platform 9" in refused("platforms", "approve", "9")


def test_an_administrator_is_appointed_listed_and_ended(installation, refused, session):
    who = ("administrators", "appoint", "--platform", "1", "--sub", "4711")
    first = installation(*who, "--name", "Olu Administrator")
    assert installation(*who) == first, "a second time changes nothing"

    [row] = json.loads(installation("administrators", "list", "--json"))
    assert (row["person"], row["lti_users"]) == ("Olu Administrator", ["1:4711"])
    assert row["ended"] is None
    installation("administrators", "end", "1")
    assert "no administrator any more" in refused("administrators", "end", "1")
    assert json.loads(installation("administrators", "list", "--json"))[0]["ended"]
    installation(*who)
    assert len(json.loads(installation("administrators", "list", "--json"))) == 2
    actions = list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))
    assert actions[-3:] == [
        "administrator.appointed",
        "administrator.ended",
        "administrator.appointed",
    ]


def test_an_administrator_belongs_to_one_institution(installation, refused):
    installation("institutions", "add", "--slug", "other", "--name", "Other")
    installation(
        *("administrators", "appoint", "--institution", "ksu", "--platform", "1", "--sub", "1")
    )

    foreign = refused(
        *("administrators", "appoint", "--institution", "other", "--platform", "1", "--sub", "1")
    )

    assert "no platform 1" in foreign
    assert "no administrator 1" in refused("administrators", "end", "1", "--institution", "other")


def test_keys_are_prepared_activated_and_retired(installation, refused, session):
    [first] = json.loads(installation("keys", "list", "--json"))
    installation("keys", "prepare")
    assert "published already" in refused("keys", "prepare")
    assert "too young" in refused("keys", "activate")
    assert "This key signs" in refused("keys", "retire", first["kid"])
    assert "no key nobody" in refused("keys", "retire", "nobody")

    kids = {row["status"]: row["kid"] for row in json.loads(installation("keys", "list", "--json"))}
    installation("keys", "retire", kids["next"])
    statuses = [row["status"] for row in json.loads(installation("keys", "list", "--json"))]
    assert statuses == ["active", "retired"]


def test_a_revoked_key_is_replaced_at_once(installation, browser):
    [first] = json.loads(installation("keys", "list", "--json"))

    said = installation("keys", "revoke", first["kid"])

    rows = {row["status"]: row["kid"] for row in json.loads(installation("keys", "list", "--json"))}
    assert rows["revoked"] == first["kid"]
    assert rows["active"] in said
    published = browser().get("/lti/jwks.json").json["keys"]
    assert [key["kid"] for key in published] == [rows["active"]]


def test_the_rotation_can_be_run_at_any_time(installation):
    before = installation("keys", "list", "--json")

    installation("keys", "rotate")

    assert installation("keys", "list", "--json") == before


def test_the_log_stays_whole(installation):
    installation("platforms", "invite")
    installation("keys", "prepare")

    assert "entries, the last is" in installation("audit", "verify")

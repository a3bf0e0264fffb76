"""Where the pages lead proposers and administrators."""


def test_the_reason_of_a_return_stands_under_the_heading(walk):
    walk.to_review()
    walk.close(walk.seats.skills, "return", "Name the interview’s length.")

    page = walk.text(walk.proposer)
    assert page.index("Name the interview’s length.") < page.index('id="where"')
    home = walk.of(walk.proposer).get(f"/courses/{walk.world.course.id}/home").text
    assert "Your proposals (1 needs you)" in home


def test_an_administrator_is_led_from_the_catalogue_to_register_an_approval(walk, admin):
    walk.begin()
    version = walk.proposal.version
    register = f"/proposals/versions/{version.id}/register"

    for address in (
        f"/catalog/versions/{version.id}",
        f"/catalog/achievements/{version.achievement_id}",
    ):
        assert register in walk.of(admin).get(address).text, address
        assert register not in walk.of(walk.proposer).get(address).text
    picture = walk.of(walk.proposer).get(f"/catalog/versions/{version.id}/image").text
    assert f'href="/catalog/versions/{version.id}"' in picture

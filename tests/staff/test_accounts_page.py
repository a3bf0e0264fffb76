"""The page of campus accounts, where no campus sign-in is connected."""


def test_without_a_campus_sign_in_nobody_is_searched_to_be_invited(world, admin):
    text = admin.get("/admin/accounts?person=Nora").text

    assert "Nobody can be invited until the campus sign-in is connected" in text
    assert 'name="person"' not in text

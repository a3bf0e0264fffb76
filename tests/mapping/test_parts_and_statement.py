"""What else an instructor chooses: parts, the largest file, the statement to be signed."""


def test_a_statement_is_proposed_and_may_be_changed_or_emptied(desk, session, world, assignments):
    assert "This is my own work." in desk.page(world.level_1).text

    desk.send(world.level_1, statement="I wrote  this.\r\nAlone.\x00")

    assert assignments()[0].statement == "I wrote  this.\nAlone."
    assert not assignments()[0].is_by_criterion
    assert assignments()[0].max_file_mb is None


def test_parts_and_the_largest_file_are_chosen(desk, world, assignments):
    desk.send(world.level_1, is_by_criterion="y", max_file_mb="5", statement="")

    (assignment,) = assignments()
    assert (assignment.is_by_criterion, assignment.max_file_mb) == (True, 5)
    assert assignment.statement == ""


def test_how_many_may_work_together_is_chosen(desk, world, assignments):
    assert "Work in groups of up to" in desk.page(world.level_1).text

    desk.send(world.level_1, max_group_size="4")

    assert assignments()[0].max_group_size == 4


def test_an_empty_box_means_each_their_own(desk, world, assignments):
    desk.send(world.level_1, max_group_size=" ")

    assert assignments()[0].max_group_size == 1

from personae.actors.runtime import Rates


def look(rates, turns):
    tree = {"name": "root", "children": [{"name": "users", "turns": turns}, {"name": "mail"}]}
    return rates.added(tree)["children"][0]["turns_per_second"]


def test_a_rate_is_taken_since_a_look_a_second_ago_or_more():
    now = [100.0]
    rates = Rates(lambda: now[0])
    now[0] = 110.0
    assert look(rates, 50) == 5  # the average since the start
    now[0] = 110.5
    assert look(rates, 60) == 5.7  # too soon: since the start, once more
    now[0] = 112.0
    assert look(rates, 90) == 20  # since the look at 110


def test_who_looks_often_gets_the_same_as_who_looks_rarely():
    now = [0.0]
    rates = Rates(lambda: now[0])
    seen = []
    for step in range(1, 40):
        now[0] = step / 4
        seen.append(look(rates, 25 * step))
    assert set(seen[4:]) == {100.0}


def test_a_part_that_began_anew_turns_at_no_negative_rate():
    now = [0.0]
    rates = Rates(lambda: now[0])
    now[0] = 5.0
    look(rates, 500)
    now[0] = 10.0
    assert look(rates, 10) == 0

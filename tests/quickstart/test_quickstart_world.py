from quickstart.author import author_reply
from quickstart.questions import addition, comparing, one_hop, two_hop
from quickstart.world import make_world


def test_a_seed_gives_one_world():
    assert make_world(7) == make_world(7)
    assert make_world(7) != make_world(8)


def test_every_person_has_a_home_a_trade_and_a_pet():
    world = make_world()
    known = {(fact.relation, fact.subject) for fact in world.facts}
    assert known >= {(relation, person) for relation in ("home", "trade", "pet") for person in world.people}
    assert len(known) == len(world.facts) == 198


def test_two_steps_end_where_the_two_facts_lead():
    world = make_world()
    question = next(q for q in two_hop(world) if (q.subject, q.topic) == ("Mira", "tool"))
    assert question.answer == world.answer("tool", world.answer("trade", "Mira"))


def test_every_kind_of_question_holds_something_out():
    world = make_world()
    held_out = [sum(q.held_out for q in make(world)) for make in (one_hop, two_hop, addition, comparing)]
    assert held_out == [24, 56, 24, 20]


def test_the_author_argues_from_premises():
    question = next(q for q in addition(make_world()) if q.subject == "7 + 5")
    assert author_reply(question) == (
        "Premises: (1) The first number is 7. (2) The second number is 5.\n"
        "Because of (1) and (2), 7 + 5 = 12.\n"
        "Check: the other order, 5 + 7, gives 12 too.\n"
        "So: 12."
    )

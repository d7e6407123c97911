"""Charts of values with intervals: what is drawn of a mark, and to where."""

from math import inf

from evalsuite.report.interval_chart import Axis, Mark, interval_chart


def drawn(marks: list[Mark], axis: Axis) -> list[tuple[object, ...]]:
    [points] = interval_chart(marks, axis, {}).to_dict()["datasets"].values()
    return [(point["row"], point["low"], point["high"], point["interval"]) for point in points]


def test_an_end_that_nothing_bounds_is_drawn_to_the_edge_and_written_as_such():
    marks = [
        Mark("won all", "a", 1600.0, 1400.0, inf),
        Mark("some", "b", 1000.0, 900.0, 1100.0),
        Mark("base", "c", 1.0),
    ]
    assert drawn(marks[:2], Axis(digits=0)) == [
        ("won all", 1400.0, 1670.0, "1400 to ∞"),
        ("some", 900.0, 1100.0, "900 to 1100"),
    ]
    assert drawn(marks[2:], Axis()) == [("base", None, None, "none")]


def test_the_axis_shows_its_ends_and_whatever_reaches_beyond():
    chart = interval_chart([Mark("a", "a", 0.5, -0.2, 0.9)], Axis(ends=(0.0, 1.0)), {}).to_dict()
    assert chart["layer"][-1]["encoding"]["x"]["scale"]["domain"] == [-0.2, 1.0]


def test_a_legend_is_there_where_a_row_has_several_series_alone():
    one = interval_chart([Mark("a", "a", 0.5), Mark("b", "b", 0.5)], Axis(), {}).to_dict()
    two = interval_chart([Mark("a", "base", 0.5), Mark("a", "author", 0.6)], Axis(), {}).to_dict()
    legends = [chart["layer"][-1]["encoding"]["color"]["legend"] for chart in (one, two)]
    assert legends == [None, {"orient": "top", "symbolOpacity": 1, "title": None}]

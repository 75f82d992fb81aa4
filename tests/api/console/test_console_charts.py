"""Where the lines and bars of a chart go."""

from gateway.api.console import charts

NOW = 1_800_000_000.0


def test_a_chart_without_a_sample_has_no_line_and_no_figure() -> None:
    drawn = charts.line("Live calls", [], NOW, 900)
    assert (drawn.line, drawn.area, drawn.now, drawn.most, drawn.rows) == ("", "", None, None, ())


def test_a_line_is_not_drawn_over_a_time_without_samples() -> None:
    points = [(NOW - 100, 1.0), (NOW - 95, 1.0), (NOW - 40, 1.0), (NOW - 35, 1.0)]
    assert charts.line("Live calls", points, NOW, 900).line.count("M") == 2


def test_a_figure_is_not_the_present_one_once_samples_have_stopped() -> None:
    drawn = charts.line("Live calls", [(NOW - 60, 7.0)], NOW, 900)
    assert (drawn.now, drawn.most) == (None, 7.0)


def test_what_is_older_than_the_span_is_left_out() -> None:
    assert charts.line("Live calls", [(NOW - 901, 99.0), (NOW, 3.0)], NOW, 900).most == 3.0


def test_the_newest_sample_stands_at_the_right_and_the_largest_value_below_the_top() -> None:
    drawn = charts.line("Live calls", [(NOW - 5, 0.0), (NOW, 30.0)], NOW, 900)
    assert drawn.line.endswith(f"L{charts.WIDTH:.1f} {charts.HEIGHT * 0.25:.1f}")
    assert drawn.top == 40.0


def test_the_table_behind_a_line_has_one_row_a_minute_the_newest_first() -> None:
    points = [(NOW - 65, 5.0), (NOW - 10, 6.0), (NOW - 5, 7.0)]
    assert charts.line("Live calls", points, NOW, 900).rows == ((0, 7.0), (1, 5.0))


def test_bars_of_nothing_are_none() -> None:
    assert charts.bars([("passed", 0, "good")]) == ()


def test_the_longest_bar_comes_first_and_fills_the_width() -> None:
    found = charts.bars([("b", 1, ""), ("a", 4, "")])
    assert [(bar.name, bar.width, bar.share) for bar in found] == [("a", 100.0, 80.0), ("b", 25.0, 20.0)]


def test_the_smallest_of_many_bars_are_put_together() -> None:
    found = charts.bars((f"rule-{n}", 100 - n, "bad") for n in range(20))
    assert len(found) == charts.MOST_BARS
    assert found[-1].name == "other"
    assert sum(bar.count for bar in found) == sum(100 - n for n in range(20))


def test_the_parts_of_a_stack_stand_one_behind_the_other_in_their_order() -> None:
    found = charts.stack([("A", 1, "a"), ("B", 0, "b"), ("C", 3, "c")])
    assert [(bar.name, bar.start, bar.share) for bar in found] == [("A", 0.0, 25.0), ("C", 25.0, 75.0)]

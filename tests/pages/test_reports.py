"""A hand that is quicker than the server's answer: what the browser reports of controls that were set meanwhile."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from docs.addresses import file_of
from pages.shared import reports

SET = 0.83  # a place of the slider


@pytest.fixture
def roll() -> AppTest:
    """Roll, with a radius that the server has just set and the browser, so far, has not heard of."""
    page = AppTest.from_file(str(file_of("Roll")), default_timeout=60).run()
    page.select_slider(key="radius_slider").set_value(SET).run()
    assert page.number_input(key="radius").value == SET
    return page


def test_an_old_value_that_comes_with_another_change_is_no_wish(roll):
    roll.number_input(key="radius").set_value(0.4)
    roll.toggle(key="ironed").set_value(True)
    roll.run()
    assert roll.number_input(key="radius").value == SET
    assert roll.select_slider(key="radius_slider").value == SET
    assert roll.toggle(key="ironed").value


def test_a_slider_that_goes_back_is_a_wish_whatever_the_box_reports(roll):
    roll.number_input(key="radius").set_value(0.4)
    roll.select_slider(key="radius_slider").set_value(0.42)
    roll.run()
    assert roll.number_input(key="radius").value == 0.42


def test_an_old_value_alone_is_what_the_visitor_typed(roll):
    roll.number_input(key="radius").set_value(0.4).run()
    assert roll.number_input(key="radius").value == 0.4


def test_after_a_while_every_value_is_a_wish(roll, monkeypatch):
    now = reports.time.monotonic()
    monkeypatch.setattr(reports.time, "monotonic", lambda: now + reports.LATE + 1)
    roll.number_input(key="radius").set_value(0.4)
    roll.toggle(key="ironed").set_value(True)
    roll.run()
    assert roll.number_input(key="radius").value == 0.4


def test_a_surface_that_is_reported_late_sets_no_start(roll):
    roll.button(key="preset_Held by two crests").click().run()
    assert (roll.selectbox(key="surface").value, roll.number_input(key="start").value) == ("corduroy", 2.9)
    roll.selectbox(key="surface").set_value("wrinkled_bowl")
    roll.toggle(key="ironed").set_value(True)
    roll.run()
    assert (roll.selectbox(key="surface").value, roll.number_input(key="start").value) == ("corduroy", 2.9)


def test_what_comes_with_a_part_that_renews_itself_is_no_wish(roll, monkeypatch):
    now = reports.time.monotonic()
    monkeypatch.setattr(reports.time, "monotonic", lambda: now + reports.LATE + 1)  # however slow the browser is
    with monkeypatch.context() as patched:
        patched.setattr(reports, "_by_the_clock", lambda: True)
        roll.number_input(key="radius").set_value(0.4).run()
    assert roll.number_input(key="radius").value == SET
    roll.number_input(key="radius").set_value(0.4).run()
    assert roll.number_input(key="radius").value == 0.4

"""Lessons: seven of them, each a question, a picture that waits for the prediction, and what the run answers."""

import streamlit as st

from pages.lessons.seven import SEVEN
from pages.lessons.takings import takings
from pages.lessons.view import show
from pages.shared.controls import choice
from pages.shared.page import link, open_page, sentence, show_error
from pages.shared.take_away import take_away
from pages.shared.terms import explained, told_in
from pages.shared.widgets import open_choice

open_page("Lessons", "Say what will happen before you see it; then the run tells.")

titles = {lesson.name: f"{number}. {lesson.title}" for number, lesson in enumerate(SEVEN, 1)}


def begin_again() -> None:
    """Another lesson waits for a prediction of its own."""
    st.session_state["guess"] = None


def go_to(name: str) -> None:
    """Open that lesson; in a callback."""
    st.session_state["lesson"] = name
    begin_again()


name = choice("Lesson", "lesson", titles, quiet=True, on_change=begin_again)
place = list(titles).index(name)
lesson = SEVEN[place]
with st.container(key="lesson_question"):
    question = explained(lesson.question)
    st.html(f'<p class="lab-question">{question}</p>')
guess = open_choice("What do you predict?", "guess", {str(n): text for n, text in enumerate(lesson.choices, 1)})
try:
    show(lesson, guess is not None)
    if guess is None:
        st.caption("Choose an answer first; then the film plays. In front of a class, let them vote.")
    else:
        told = lesson.reveal()
        verdict = "So it is" if int(guess) - 1 == told.right else f"It was otherwise: {lesson.choices[told.right]}"
        sentence(f"<b>{verdict}.</b> {told.text}", right=str(told.right + 1))
        st.html(f'<p class="lab-lesson">{explained(lesson.sentence, told_in(question))}</p>')
    with st.container(horizontal=True, key="lesson_next"):
        if guess is not None and place + 1 < len(SEVEN):
            after = SEVEN[place + 1]
            st.button(f"Next: {after.title}", type="primary", key="next", on_click=go_to, args=(after.name,))
        if place > 0:
            before = SEVEN[place - 1]
            st.button(f"Back: {before.title}", key="back", on_click=go_to, args=(before.name,))
        if guess is not None:
            link(lesson.page, lesson.link, lesson.query)
            take_away(takings(lesson, told.text))
except ValueError as error:
    show_error(error)

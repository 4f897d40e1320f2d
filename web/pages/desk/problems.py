"""Refusals of verbs as readers see them: at which field, in their language, with the words of the pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import request
from flask_babel import gettext

from circularity.errors import BadInput, CircularityError, InputProblem
from web.field_words import LINES, field_label
from web.language import language
from web.words import word


@dataclass(frozen=True)
class Problem:
    """One sentence, and the field of a form it is about ("" = the form)."""

    field: str
    sentence: str


def problems_of(error: CircularityError) -> list[Problem]:
    """Return what a refusal says, one per field or place."""
    if isinstance(error, BadInput):
        return [_at_field(problem) for problem in error.problems]
    field, line = str(error.facts.get("field", "")), error.facts.get("line")
    named = f"lines.{line}.{field}" if field and line is not None and field != "line" else field
    return [Problem(form_field(named), _sentence(error))]


def form_field(name: str) -> str:
    """Return the name of a field of ours for a verb's argument: tonnes stand for kg, percent for permille.

    A page puts one weighing right at a time, so its fields have no number.
    """
    name = name.removeprefix("weighings.0.")
    if name == "max_distance_m":
        return "max_distance_km"
    name = name.replace("_ucny_per_kg", "_cny_per_t")
    return name.replace("_kg", "_t").replace("_permille", "_percent")


def _at_field(problem: InputProblem) -> Problem:
    column = problem.column or ""
    name = form_field(column)
    sentence = problem.zh if language() == "zh" else problem.en
    if problem.rule == "out_of_range" and column != name:
        sentence = gettext("%(field)s is out of range", field=column)
    if column and sentence.startswith(column):
        sentence = field_label(name, _has_one_line()) + sentence.removeprefix(column)
    if problem.row is not None:
        place = gettext("row %(row)s", row=problem.row)
        sentence = f"{place} · {sentence} · {problem.found}" if problem.found else f"{place} · {sentence}"
    return Problem(name, sentence)


def _has_one_line() -> bool:
    """Tell whether the form that was sent has fields of one line alone."""
    numbers = {name.split(".")[1] for name in request.form if name.startswith(LINES)}
    return len(numbers) == 1


def _sentence(error: CircularityError) -> str:
    """Return the sentence of a broken rule; codes in it are replaced by their words."""
    if error.code == "illegal_step":
        machine, state = str(error.facts["machine"]), str(error.facts["state"])
        told: str = gettext(
            "“%(act)s” is not possible now: the state is “%(state)s”.",
            act=word("act", str(error.facts["act"])),
            state=word(machine, state),
        )
        return told
    sentence = error.zh if language() == "zh" else error.en
    for kind in error.facts.get("kinds", ()):
        sentence = re.sub(rf"\b{kind}\b", word("procedure", kind), sentence)
    return sentence

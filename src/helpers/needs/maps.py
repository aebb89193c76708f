"""The editable maps of `data/needs`: themes, words of praise and blame, signals and pain points, stages, interview guide."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from helpers.errors import UserError

FILES = ("themes", "sentiment", "pain_points", "stages", "interview")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Theme(_Strict):
    """What a text may be about and the words that show it."""

    en: str
    zh: str
    kind: Literal["complaint", "question", "request", "praise", "remark"]
    words: dict[Literal["en", "zh"], tuple[str, ...]]


class Lexicon(_Strict):
    """Words that carry praise or blame."""

    reach: int = Field(3, ge=1, le=10)
    negations: dict[str, tuple[str, ...]]
    positive: dict[str, tuple[str, ...]]
    negative: dict[str, tuple[str, ...]]
    strong: dict[str, tuple[str, ...]] = {}


class High(_Strict):
    """A number column and how far above the middle of all it must lie."""

    column: str
    times: float = Field(gt=1)
    least: float = 0


class PainPoint(_Strict):
    """One line of the map from signals to pain points."""

    signal: str
    table: Literal["tickets", "events", "interactions", "surveys", "equipment", "touches"]
    where: dict[str, str | tuple[str, ...]] = {}
    at_least: int = Field(0, ge=0)
    stops: int = Field(0, ge=0)
    before: int = Field(1, ge=1)
    high: High | None = None
    pain: dict[Literal["en", "zh"], str]
    answer: dict[Literal["en", "zh"], str]


class Stage(_Strict):
    """A stage of a customer's project and the words in products that show it."""

    stage: str
    en: str
    zh: str
    next: dict[Literal["en", "zh"], str]
    words: tuple[str, ...]


class Questions(_Strict):
    """One theme of the interview guide."""

    en: str
    zh: str
    questions: dict[Literal["en", "zh"], tuple[str, ...]]


class Interview(_Strict):
    """The interview guide."""

    current_pain: Questions
    future_expectation: Questions
    unmet_need: Questions
    codes: tuple[str, ...]


class NeedsMaps(_Strict):
    """All maps together: an input of the stage graph, so that a change makes what depends on it anew."""

    themes: dict[str, Theme]
    sentiment: Lexicon
    pain_points: tuple[PainPoint, ...]
    stages: tuple[Stage, ...]
    interview: Interview


def build_maps(contents: dict[str, Any]) -> NeedsMaps:
    """Return the maps from the parsed content of their files.

    Parameters
    ----------
    contents : dict
        Parsed YAML by file name without `.yml`.

    Raises
    ------
    UserError
        A key that is unknown, missing or of the wrong kind: names file and place.
    """
    try:
        return NeedsMaps.model_validate(contents)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        file, *place = [str(p) for p in first["loc"]]
        raise UserError(f"data/needs/{file}.yml, {'.'.join(place) or 'whole file'}: {first['msg']}; the comments in the file say what is expected") from fault

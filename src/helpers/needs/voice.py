"""What texts are about and whether they praise or blame, by dictionaries that people can read and edit."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pandas as pd

from helpers.needs.language import simplify, split_words
from helpers.needs.maps import Lexicon, NeedsMaps, Theme

OTHER = "other"
SENTIMENTS = ("negative", "neutral", "positive")


def read_theme(text: str, themes: dict[str, Theme]) -> str:
    """Return the theme whose words occur most in a text, "other" when none does.

    A phrase of several words counts as many times as it has words, and a Chinese word as half its characters, so that what is
    more exact wins.
    """
    plain = simplify(text)
    scores = {name: sum(_hits(plain, word, language) for language, words in theme.words.items() for word in words) for name, theme in themes.items()}
    best = max(scores.values(), default=0)
    return next((n for n, s in scores.items() if s == best), OTHER) if best > 0 else OTHER


def _hits(plain: str, word: str, language: str) -> float:
    if language == "zh":
        return len(word) / 2 if word in plain else 0.0
    return float(word.count(" ") + 1) if _stem(word).search(plain) else 0.0


@cache
def _stem(word: str) -> re.Pattern[str]:
    return re.compile(r"\b" + re.escape(word.lower()))


def score_sentiment(text: str, lexicon: Lexicon) -> int:
    """Return praise less blame: words that praise count up, words that blame count down, a negation before them turns them.

    Examples
    --------
    >>> words = {"en": ("good",), "zh": ("满意",)}
    >>> lexicon = Lexicon(negations={"en": ("not",), "zh": ("不",)}, positive=words, negative={"en": ("late",), "zh": ("慢",)})
    >>> [score_sentiment(t, lexicon) for t in ("Good, but late", "not good", "很满意", "不满意")]
    [0, -1, 1, -1]
    """
    words = split_words(text)
    weights, negations = _weights(lexicon)
    total = 0
    for place, word in enumerate(words):
        weight = weights.get(word) or _part_weight(word, weights)
        if weight:
            before = words[max(0, place - lexicon.reach) : place]
            total += -weight if any(b in negations for b in before) else weight
    return total


def _part_weight(word: str, weights: dict[str, int]) -> int:
    """A segmenter may take "不满意" or "太差" as one word: then its negation or its longest known end decides."""
    if len(word) < 2 or word.isascii():
        return 0
    turned = word[0] in "不没无未"
    rest = word[1:] if turned else word
    found = weights.get(rest) or next((weights[rest[k:]] for k in range(1, len(rest)) if rest[k:] in weights), 0)
    return -found if turned else found


_KNOWN: dict[int, tuple[Lexicon, tuple[dict[str, int], frozenset[str]]]] = {}


def _weights(lexicon: Lexicon) -> tuple[dict[str, int], frozenset[str]]:
    """Return word weights and negations; made once per lexicon."""
    known = _KNOWN.get(id(lexicon))
    if known is None or known[0] is not lexicon:
        strong = {w for words in lexicon.strong.values() for w in words}
        signs = ((lexicon.negative, -1), (lexicon.positive, 1))
        weights = {w.lower(): sign * (2 if w in strong else 1) for side, sign in signs for words in side.values() for w in words}
        known = (lexicon, (weights, frozenset(w for words in lexicon.negations.values() for w in words)))
        _KNOWN[id(lexicon)] = known
    return known[1]


def name_sentiment(score: int) -> str:
    """Return negative, neutral or positive for a score.

    Examples
    --------
    >>> [name_sentiment(s) for s in (-2, 0, 1)]
    ['negative', 'neutral', 'positive']
    """
    return SENTIMENTS[(score > 0) - (score < 0) + 1]


def read_feedback(texts: pd.DataFrame, maps: NeedsMaps) -> pd.DataFrame:
    """Return every text with its theme and sentiment.

    Parameters
    ----------
    texts : pandas.DataFrame
        From `join_texts`.
    maps : NeedsMaps

    Returns
    -------
    pandas.DataFrame
        source, record, customer_id, at, language, theme, theme_kind (complaint, question, request, praise, remark), sentiment, score (Int64), method
        (str, "dictionary"), text. Sorted by source, record.

    Notes
    -----
    Rows 001-22, 003-26, 004-64; feature F22. Equal texts are read once. A complaint in words that neither praise nor blame is negative.
    """
    distinct = texts["text"].drop_duplicates()
    themes = _once(distinct, lambda t: read_theme(t, maps.themes))
    scores = _once(distinct, lambda t: score_sentiment(t, maps.sentiment))
    theme = texts["text"].map(themes).astype("str")
    score = texts["text"].map(scores).astype("Int64")
    kind = theme.map({name: t.kind for name, t in maps.themes.items()} | {OTHER: "remark"}).astype("str")
    silent = (score == 0) & (kind == "complaint")
    told = texts.assign(
        theme=theme, theme_kind=kind, score=score, sentiment=score.map(name_sentiment).astype("str").mask(silent, "negative"), method="dictionary"
    )
    return told[["source", "record", "customer_id", "at", "language", "theme", "theme_kind", "sentiment", "score", "method", "text"]].astype({"method": "str"})


def _once(distinct: pd.Series, read: Callable[[str], object]) -> dict[str, object]:
    return {text: read(text) for text in distinct}


def summarise_themes(feedback: pd.DataFrame, maps: NeedsMaps) -> pd.DataFrame:
    """Return what customers write about, most frequent first.

    Returns
    -------
    pandas.DataFrame
        theme, name_en, name_zh (str), kind, texts, customers (Int64), share (of texts), negative_share (float64), last_90_days, before (Int64, texts
        in the last 90 days of the data and in the 90 days before them), quote_en, quote_zh (str, the latest short text; missing when there is none).
    """
    if feedback.empty:
        return pd.DataFrame(
            columns=["theme", "name_en", "name_zh", "kind", "texts", "customers", "share", "negative_share", "last_90_days", "before", "quote_en", "quote_zh"]
        )
    end = feedback["at"].max()
    age = (end - feedback["at"]).dt.days
    marked = feedback.assign(is_negative=feedback["sentiment"] == "negative", recent=age < 90, earlier=(age >= 90) & (age < 180))
    table = (
        marked.groupby("theme")
        .agg(
            texts=("text", "size"),
            customers=("customer_id", "nunique"),
            negative_share=("is_negative", "mean"),
            last_90_days=("recent", "sum"),
            before=("earlier", "sum"),
        )
        .reset_index()
    )
    names = {n: (t.en, t.zh, t.kind) for n, t in maps.themes.items()} | {OTHER: ("Something else", "其他", "remark")}
    quotes = {lang: latest_quotes(feedback[feedback["language"] == lang]) for lang in ("en", "zh")}
    told = table.assign(
        name_en=table["theme"].map(lambda t: names[t][0]), name_zh=table["theme"].map(lambda t: names[t][1]),
        kind=table["theme"].map(lambda t: names[t][2]), share=(table["texts"] / len(feedback)).round(6),
        quote_en=table["theme"].map(quotes["en"]), quote_zh=table["theme"].map(quotes["zh"]), negative_share=table["negative_share"].round(6),
    )  # fmt: skip
    whole = dict.fromkeys(("texts", "customers", "last_90_days", "before"), "Int64")
    columns = ["theme", "name_en", "name_zh", "kind", "texts", "customers", "share", "negative_share", "last_90_days", "before", "quote_en", "quote_zh"]
    text = dict.fromkeys(("theme", "name_en", "name_zh", "kind", "quote_en", "quote_zh"), "str")
    return told.astype(whole | text).sort_values(["texts", "theme"], ascending=[False, True], ignore_index=True)[columns]


def latest_quotes(feedback: pd.DataFrame) -> pd.Series:
    """Return the latest text of each theme that fits on a line."""
    short = feedback[feedback["text"].str.len() <= 160].sort_values(["at", "record", "text"])
    return short.groupby("theme")["text"].last()

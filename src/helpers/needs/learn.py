"""A small model where labels exist, and themes that no dictionary knew; both judged on texts that they did not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from helpers.needs.language import content_words, split_words
from helpers.needs.settings_people import VoiceSettings
from helpers.needs.stats import mean_interval, share_interval

SEED = 7
METHODS = ("majority", "dictionary", "model")
COLUMNS = {
    "language": "str", "method": "str", "texts": "Int64", "accuracy": "float64", "accuracy_low": "float64", "accuracy_high": "float64", "macro_f1": "float64",
    "gain": "float64", "gain_low": "float64", "gain_high": "float64", "beats_majority": "boolean",
}  # fmt: skip


def pair_words(text: str) -> list[str]:
    """Return the words of a text and its pairs of neighbours, so that "not good" is a feature.

    Examples
    --------
    >>> pair_words("not good")
    ['not', 'good', 'not good']
    """
    words = split_words(text)
    return [*words, *(f"{a} {b}" for a, b in zip(words, words[1:], strict=False))]


def build_model() -> Any:
    """Return an untrained model: TF-IDF of words and word pairs, logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    return make_pipeline(TfidfVectorizer(analyzer=pair_words, min_df=2, sublinear_tf=True), LogisticRegression(C=10, max_iter=1000))


def hold_back(texts: pd.Series, labels: pd.Series, folds: int) -> pd.Series:
    """Return the model's label for each text, by a model that saw neither this text nor an equal one."""
    from sklearn.model_selection import GroupKFold

    told = pd.Series(index=texts.index, dtype="str")
    groups = pd.factorize(texts)[0]
    for train, test in GroupKFold(n_splits=folds, shuffle=True, random_state=SEED).split(texts, groups=groups):
        known = labels.iloc[train]
        if known.nunique() < 2:
            told.iloc[test] = known.iloc[0]
        else:
            told.iloc[test] = build_model().fit(texts.iloc[train], known).predict(texts.iloc[test])
    return told


def judge_sentiment(texts: pd.Series, labels: pd.Series, read: Callable[[str], str], settings: VoiceSettings) -> tuple[pd.DataFrame, pd.Series]:
    """Return how well dictionary and model agree with labels on held-back texts, beside always saying the most frequent label.

    Parameters
    ----------
    texts, labels : pandas.Series of str
        Labels from people, for example from the score that came with a comment.
    read : callable
        The dictionary's label for a text.
    settings : VoiceSettings

    Returns
    -------
    table : pandas.DataFrame
        method (majority, dictionary, model), texts (Int64), accuracy with its 95 % Wilson interval, macro_f1, gain (accuracy above majority, text by
        text) with bootstrap interval, beats_majority (boolean, the interval lies above 0).
    predicted : pandas.Series
        The model's held-back labels.

    Notes
    -----
    Cross-validation in `folds` parts; equal texts are never on both sides. Row 004-64.
    """
    from sklearn.metrics import f1_score

    told = hold_back(texts, labels, settings.folds)
    distinct = {t: read(t) for t in texts.unique()}
    most = labels.value_counts().sort_index().idxmax()
    answers = {"majority": pd.Series(most, index=texts.index), "dictionary": texts.map(distinct), "model": told}
    right = {m: (a.to_numpy() == labels.to_numpy()).astype("float64") for m, a in answers.items()}
    rows = []
    for method in METHODS:
        low, high = share_interval([right[method].sum()], [len(texts)])
        gains = right[method] - right["majority"]
        ends = mean_interval(gains, draws=500) if method != "majority" else (0.0, 0.0)
        f1 = f1_score(labels.astype(object), answers[method].astype(object), average="macro", zero_division=0)
        rows.append((method, len(texts), right[method].mean(), low[0], high[0], f1, gains.mean(), *ends, ends[0] > 0))
    table = pd.DataFrame(rows, columns=list(COLUMNS)[1:]).round({"accuracy": 6, "macro_f1": 6, "gain": 6})
    return table, told


def label_by_score(surveys: pd.DataFrame, settings: VoiceSettings) -> pd.Series:
    """Return negative, neutral or positive from the scores of an answer: nps where given, else csat; missing without both.

    Examples
    --------
    >>> answers = pd.DataFrame({"nps": pd.array([10, 3, None], dtype="Int64"), "csat": pd.array([5, 4, 3], dtype="Int64")})
    >>> label_by_score(answers, VoiceSettings()).tolist()
    ['positive', 'negative', 'neutral']
    """
    nps, csat = (surveys[c].astype("Float64") if c in surveys else pd.Series(pd.NA, index=surveys.index, dtype="Float64") for c in ("nps", "csat"))
    bad = (nps <= settings.bad_nps).where(nps.notna(), csat <= settings.bad_csat).astype("boolean")
    good = (nps >= settings.good_nps).where(nps.notna(), csat >= settings.good_csat).astype("boolean")
    told = pd.Series("neutral", index=surveys.index, dtype="str").mask(bad.fillna(False), "negative").mask(good.fillna(False), "positive")
    return told.where(nps.notna() | csat.notna())


def find_topics(feedback: pd.DataFrame, settings: VoiceSettings) -> pd.DataFrame:
    """Return themes found from the words alone, without any dictionary, per language.

    Parameters
    ----------
    feedback : pandas.DataFrame
        From `read_feedback`; its themes are only compared with, not used.
    settings : VoiceSettings

    Returns
    -------
    pandas.DataFrame
        language, topic (Int64, from 1 by size), words (str, the six that weigh most), texts (Int64), share (of the language's texts), closest_theme (str, the
        dictionary's theme that most of them have), agreement (float64, share of them that have it), quote (str). Empty below `min_texts`.

    Notes
    -----
    Non-negative matrix factorisation of TF-IDF (Lee and Seung 1999) by scikit-learn. A topic whose agreement is low is what the dictionary lacks.
    """
    parts = [_topics_of(part, settings).assign(language=language) for language, part in feedback.groupby("language") if len(part) >= settings.min_texts]
    columns = ["language", "topic", "words", "texts", "share", "closest_theme", "agreement", "quote"]
    kinds = {
        "language": "str",
        "topic": "Int64",
        "words": "str",
        "texts": "Int64",
        "share": "float64",
        "closest_theme": "str",
        "agreement": "float64",
        "quote": "str",
    }
    return (pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame({c: [] for c in columns})).astype(kinds)


def assign_topics(texts: pd.Series, topics: int) -> tuple[np.ndarray, list[str]]:
    """Return the topic (from 0; -1 when a text shares no word with any) of each text and the words of each topic."""
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
    from threadpoolctl import threadpool_limits

    vectors = TfidfVectorizer(analyzer=lambda t: [w for w in content_words(t) if w not in ENGLISH_STOP_WORDS], min_df=1)
    cells = vectors.fit_transform(texts)
    with threadpool_limits(1):
        model = NMF(n_components=min(topics, min(cells.shape)), init="nndsvda", random_state=SEED, max_iter=600)
        weights = model.fit_transform(cells)
    known = vectors.get_feature_names_out()
    words = [" ".join(known[i] for i in np.lexsort((known, -row.round(6)))[:6]) for row in model.components_]
    weights = weights.round(4)
    return np.where(weights.max(axis=1) > 0, weights.argmax(axis=1), -1), words


def _topics_of(feedback: pd.DataFrame, settings: VoiceSettings) -> pd.DataFrame:
    topic, words = assign_topics(feedback["text"], settings.topics)
    rows = []
    for number, part in feedback[topic >= 0].groupby(topic[topic >= 0]):
        closest = part["theme"].value_counts().sort_index().idxmax()
        rows.append((words[int(number)], len(part), len(part) / len(feedback), closest, (part["theme"] == closest).mean(), part["text"].iloc[0]))
    told = pd.DataFrame(rows, columns=["words", "texts", "share", "closest_theme", "agreement", "quote"]).sort_values(
        ["texts", "words"], ascending=[False, True], ignore_index=True
    )
    return told.assign(topic=range(1, len(told) + 1)).round({"share": 6, "agreement": 6})

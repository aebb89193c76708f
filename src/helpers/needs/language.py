"""English and Chinese words: which language a text is in, and its words."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pandas as pd

CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"[a-z][a-z'’]+")
STOP_ZH = frozenset(
    [
        "的",
        "了",
        "是",
        "我",
        "我们",
        "你",
        "您",
        "他",
        "她",
        "它",
        "在",
        "也",
        "都",
        "就",
        "和",
        "与",
        "有",
        "这",
        "那",
        "个",
        "很",
        "还",
        "又",
        "吗",
        "呢",
        "吧",
        "啊",
        "给",
        "到",
        "把",
        "被",
        "请",
        "一",
        "一个",
        "上",
        "下",
        "里",
        "去",
        "来",
        "说",
        "要",
        "会",
        "能",
        "可以",
        "没",
        "不",
        "自己",
        "什么",
        "因为",
        "所以",
        "但是",
        "但",
        "而",
        "而且",
        "如果",
        "没有",
        "就是",
        "还是",
    ]
)


def detect_language(text: str) -> str:
    """Return "zh" when at least a fifth of the letters are Chinese characters, else "en".

    Examples
    --------
    >>> detect_language("机器显示E3故障"), detect_language("The machine shows 错误 in the display")
    ('zh', 'en')
    """
    chinese = len(CHINESE.findall(text))
    return "zh" if chinese and chinese >= 0.2 * sum(c.isalpha() for c in text) else "en"


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("t2s")


@cache
def _simplify(text: str) -> str:
    return _converter().convert(text) if CHINESE.search(text) else text


def simplify(text: str) -> str:
    """Return text in simplified characters, lower case, full-width signs made plain.

    Examples
    --------
    >>> simplify("發貨太慢")
    '发货太慢'
    """
    import unicodedata

    return unicodedata.normalize("NFKC", _simplify(text)).lower().replace("’", "'")


@cache
def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a text: Chinese by jieba's dictionary (package rjieba), English by letters; signs and digits dropped.

    Examples
    --------
    >>> split_words("豆子很新鲜"), split_words("It doesn't heat.")
    (('豆子', '很', '新鲜'), ('it', "doesn't", 'heat'))
    """
    plain = simplify(text)
    if not CHINESE.search(plain):
        return tuple(WORDS.findall(plain))
    import rjieba

    return tuple(w for w in rjieba.cut(plain) if CHINESE.search(w) or WORDS.fullmatch(w))


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning: Chinese without stop words; English stop words are left to scikit-learn."""
    return [w for w in split_words(text) if w not in STOP_ZH]


def join_texts(*parts: tuple[str, pd.DataFrame | None, str, str]) -> pd.DataFrame:
    """Return all texts of several tables as one: source, record, customer_id, at, language, text.

    Parameters
    ----------
    *parts : tuple
        source name, table (or None), record column ("" when the customer and day stand for it), time column.
    """
    frames = []
    for source, table, record, time in parts:
        if table is None or "text" not in table:
            continue
        said = table[table["text"].fillna("").str.strip() != ""]
        name = said[record] if record else said["customer_id"] + " " + said[time].dt.strftime("%Y-%m-%d")
        frames.append(pd.DataFrame({"source": source, "record": name, "customer_id": said["customer_id"], "at": said[time], "text": said["text"]}))
    columns = {"source": "str", "record": "str", "customer_id": "str", "at": "datetime64[us]", "text": "str"}
    every = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({c: [] for c in columns})
    every = every.astype(columns).sort_values(["source", "record", "at", "text"], ignore_index=True)
    return every.assign(language=every["text"].map(detect_language).astype("str"))

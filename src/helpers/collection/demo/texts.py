"""What customers write: templates per theme in English and Chinese; the theme is the planted truth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from helpers.collection.demo.plan import pick


class Theme(NamedTuple):
    """One theme: ticket category, whether it is a complaint, its sentiment and what people write about it."""

    category: str
    complaint: bool
    sentiment: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]


THEMES: dict[str, Theme] = {
    "late_delivery": Theme(
        "delivery", True, "negative",
        ("My order is {n} days late and nobody told me.", "Where is our parcel? The courier shows no movement for {n} days.",
         "Second late delivery this autumn. We ran out of beans on a Saturday."),
        ("订单晚了{n}天,没有人通知我们。", "快递{n}天没有更新,店里的豆子快用完了。", "最近发货太慢,已经是第二次延误了。")),
    "damaged_goods": Theme(
        "delivery", True, "negative",
        ("The bag was open and beans were all over the box.", "The carton arrived wet, {n} bags are damaged."),
        ("包装破损,豆子洒了一箱。", "收到时纸箱进水,{n}袋不能用了。")),
    "machine_fault": Theme(
        "machine", False, "negative",
        ("The machine shows error E{n} and does not heat.", "No pressure in group one since this morning, please send someone.",
         "The pump is very loud and the coffee runs too fast."),
        ("机器显示E{n}故障,不加热。", "一号冲煮头没有压力,请尽快派人维修。", "水泵声音很大,萃取太快。")),
    "how_to_use": Theme(
        "usage", False, "neutral",
        ("How often should I descale? The manual is not clear.", "Which grind do you suggest for the new beans?", "Can you explain how to set the water hardness?"),
        ("请问多久需要除垢一次?说明书没写清楚。", "新豆子建议用多粗的研磨度?", "请问水质硬度怎么设置?")),
    "price": Theme(
        "product", False, "negative",
        ("The price went up again. Is there a discount for regular orders?", "Another shop sells a similar blend {n} yuan cheaper."),
        ("又涨价了,老客户有没有优惠?", "别家类似的豆子便宜{n}块钱。")),
    "taste_quality": Theme(
        "product", True, "negative",
        ("This batch tastes flat and a little burnt.", "The roast date is older than {n} weeks, the coffee has no aroma."),
        ("这批豆子味道很平,有点焦味。", "烘焙日期超过{n}周,没有香气。")),
    "invoice": Theme(
        "invoice", False, "neutral",
        ("Please send the VAT invoice for last month.", "The invoice shows the wrong company name."),
        ("请开上个月的增值税发票。", "发票抬头写错了,请重开。")),
}  # fmt: skip
PRAISE = ("豆子很新鲜,香气很好,会一直回购。", "客服很耐心,发货也快,非常满意。", "机器好用,技术员上门很专业。", "性价比高,推荐给了朋友。")
MIXED = ("整体还可以,希望多一些新品。", "一般,没有特别的感觉。", "豆子不错,价格略高。")


def write_text(rng: np.random.Generator, theme: str, chinese: bool) -> str:
    """Return one sentence about a theme; `praise` and `mixed` exist in Chinese only (the survey's language).

    Examples
    --------
    >>> from helpers.collection.demo.plan import stream
    >>> write_text(stream(7, "doc"), "invoice", False) in THEMES["invoice"].english
    True
    """
    if theme in {"praise", "mixed"}:
        return pick(rng, PRAISE if theme == "praise" else MIXED)
    return pick(rng, THEMES[theme].chinese if chinese else THEMES[theme].english).replace("{n}", str(2 + int(rng.random() * 8)))

"""What the tables of the action list are called in front of people: columns, values and defaults, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Language = Literal["en", "zh"]
Form = Literal["text", "day", "money", "number", "whole", "share"]
OTHER: Mapping[str, Language] = {"en": "zh", "zh": "en"}


@dataclass(frozen=True)
class Column:
    """A column as people see it: the key in the table, header and explanation in both languages, width in characters, and how its cells are written."""

    key: str
    en: str
    zh: str
    width: int
    form: Form
    says_en: str
    says_zh: str

    def header(self, language: Language, currency: str) -> str:
        """The header, with the currency where it holds money."""
        name = self.zh if language == "zh" else self.en
        return f"{name} ({currency})" if self.form == "money" else name

    def says(self, language: Language) -> str:
        """What stands in it."""
        return self.says_zh if language == "zh" else self.says_en


ACTIONS = (
    Column("urgency", "No.", "序号", 5, "whole", "1 is the most urgent: near before far, grave before light, dear before cheap", "1为最紧急：先看日期，再看严重程度与价值"),
    Column("due_on", "Due", "截止日", 11, "day", "the working day by which it shall be done", "应完成的工作日"),
    Column("owner", "Owner", "负责人", 9, "text", "who does it; the sheet of that name holds only these rows", "由谁执行；同名工作表只含其任务"),
    Column("customer_id", "Customer", "客户", 14, "text", "number of the customer in your systems, or its code", "客户编号（或其代码）"),
    Column("about", "About the customer", "客户概况", 20, "text", "what is known, without names: business or trade, region, size; and the tier", "已知信息（不含姓名）：行业、地区、规模与分层"),
    Column("what", "What to do", "做什么", 30, "text", "the step", "本步骤"),
    Column("reason", "Why now", "原因", 36, "text", "what was seen, with its numbers; all money in the currency of the other columns", "所见事实与数字；金额币种同其他列"),
    Column("channel", "How", "方式", 9, "text", "call, visit, e-mail ...; only what the customer has agreed to", "电话、拜访、邮件等，仅限客户同意的方式"),
    Column("script", "What to say", "话术", 36, "text", "a first sentence, to be put into own words", "开场白，请用自己的话表达"),
    Column("worth", "Worth", "预期净值", 11, "money", "what the whole play (all its steps) is expected to bring, less its cost: do not add it up over the steps of one customer", "整套方案的预期收益减成本；同一客户各步骤请勿相加"),
    Column("status", "Status", "状态", 9, "text", "to be filled in: open, done or dropped", "请填写：待办、完成或取消"),
    Column("result", "Result", "结果", 22, "text", "to be filled in: what came of it, in a few words", "请填写：结果简述"),
    Column("level", "Danger", "流失风险", 10, "text", "how close the customer is to leaving: severe, moderate, mild or none", "流失程度：重度、中度、轻度、无"),
    Column("play_label", "Play", "方案", 26, "text", "the plan that the step belongs to; a click opens its page", "所属方案；点击打开说明页"),
    Column("of", "Step", "步骤", 8, "text", "which of the steps of the play", "方案中的第几步"),
    Column("hand_over_to", "Then hand over to", "随后移交", 11, "text", "who does the next step, when it is somebody else", "下一步由他人执行时的负责人"),
    Column("stop", "Stop when", "停止条件", 44, "text", "when nothing more is done", "何时停止"),
    Column("cost", "Cost of the step", "步骤成本", 11, "money", "money and working time of this step", "本步骤的费用与工时成本"),
    Column("hours", "Hours", "工时", 8, "number", "working time of this step", "本步骤工时"),
    Column("value_at_stake", "A year's margin", "年毛利", 12, "money", "margin of a year that the customer brings while active", "客户活跃时一年的毛利"),
    Column("chance", "Part in danger", "风险占比", 9, "share", "which part of it is expected to be lost if nothing is done; in win-back plays the odds of coming back anyway", "若不行动预计损失的比例；召回方案中为自然回流概率"),
    Column("compared", "Test group", "对照", 24, "text", "whether similar customers are left out on purpose, so that the effect can be measured", "是否有同类客户作对照"),
    Column("note", "Please note", "备注", 44, "text", "another channel than planned, and what is assumed and not known", "渠道变更，以及属于默认假设的内容"),
    Column("first_listed_on", "Listed since", "首次列入", 11, "day", "as-of date of the list on which the action first stood", "首次列入清单的基准日"),
    Column("action_id", "Action id", "行动编号", 14, "text", "the same on every run: leave it as it is, the next run finds your entries by it", "每次运行保持不变：请勿修改，下次运行据此读取您的填写"),
)  # fmt: skip
PRINTED = 12  # columns of the action sheets that go on paper
NOT_SERVED = (
    Column("customer_id", "Customer", "客户", 14, "text", "number of the customer in your systems, or its code", "客户编号（或其代码）"),
    Column("group", "Left out because", "未服务原因", 20, "text", "no hours or money left; a rule says leave alone; held out on purpose; costs more than it brings", "产能不足、按规则不打扰、对照组、得不偿失"),
    Column("net_lost", "What that costs", "放弃的净值", 13, "money", "what the best play for this customer was expected to bring, less its cost", "该客户最佳方案的预期收益减成本"),
    Column("why", "In detail", "具体说明", 40, "text", "the rule, or the hours that are missing", "具体规则或缺少的工时"),
    Column("play_label", "Best play", "最佳方案", 26, "text", "what would have been done", "原本可执行的方案"),
    Column("reason", "What called for it", "触发原因", 40, "text", "what was seen at the customer", "客户的情况"),
    Column("owner", "Owner", "负责人", 9, "text", "who would have done it", "原本的负责人"),
    Column("hours", "Hours", "工时", 8, "number", "working time that it takes", "所需工时"),
    Column("cost", "Cost", "成本", 11, "money", "money and working time", "费用与工时成本"),
    Column("value", "A year's margin", "年毛利", 12, "money", "margin of a year that the customer brings while active", "客户活跃时一年的毛利"),
)  # fmt: skip
OWNERS = (
    Column("owner", "Owner", "负责人", 12, "text", "a click opens the sheet", "点击打开工作表"),
    Column("job", "Job", "岗位", 26, "text", "as in the staff table", "取自人员表"),
    Column("customers", "Customers", "客户数", 10, "whole", "customers with an action of this owner", "有任务的客户数"),
    Column("actions", "Actions", "任务数", 9, "whole", "all on the list", "清单上的全部任务"),
    Column("severe", "In severe danger", "重度风险", 10, "whole", "customers of these in severe danger of leaving", "其中重度流失风险客户"),
    Column("first_week", "Due in the first week", "首周到期", 10, "whole", "actions due in the first seven days", "前七天到期的任务"),
    Column("planned", "Hours planned, first week", "首周已排工时", 12, "number", "working time of the first week that the list uses", "清单占用的首周工时"),
    Column("hours", "Hours there are, first week", "首周可用工时", 12, "number", "what the settings leave for the list of the weekly hours", "可用于清单的工时"),
    Column("load", "Used", "占用率", 8, "share", "planned of those there are", "已排 / 可用"),
)  # fmt: skip
CHANGES = (
    Column("change", "What became of it", "变化", 14, "text", "new, still to do, done, or dropped", "新增、继续、完成、取消"),
    Column("why", "Why", "原因", 50, "text", "what the owner entered, what is on record, or which rule took it off", "负责人填写、系统记录或规则"),
    Column("customer_id", "Customer", "客户", 14, "text", "number of the customer in your systems, or its code", "客户编号（或其代码）"),
    Column("play_label", "Play", "方案", 28, "text", "the plan that it belongs to", "所属方案"),
    Column("step", "Step", "步骤", 7, "whole", "which step of the play", "第几步"),
    Column("owner", "Owner", "负责人", 10, "text", "who does it", "由谁执行"),
    Column("due_on", "Due", "截止日", 11, "day", "of added and kept actions the day on this list, else on the last", "新增与继续：本次日期；其余：上次日期"),
    Column("action_id", "Action id", "行动编号", 14, "text", "the same on every run", "每次运行保持不变"),
)  # fmt: skip

WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "status": {"open": ("open", "待办"), "done": ("done", "完成"), "dropped": ("dropped", "取消")},
    "level": {"severe": ("severe", "重度"), "moderate": ("moderate", "中度"), "mild": ("mild", "轻度"), "none": ("none", "无")},
    "channel": {
        "call": ("call", "电话"), "visit": ("visit", "拜访"), "meeting": ("meeting", "会议"), "interview": ("interview", "访谈"), "training": ("training", "培训"), "email": ("e-mail", "邮件"), "sms": ("text message", "短信"), "wechat": ("WeChat", "微信"),
        "post": ("letter", "信函"), "chat": ("chat", "在线沟通"), "internal": ("desk work", "内部准备"),
    },
    "compared": {
        "compared with held out": ("yes: similar customers are left out on purpose", "有：部分同类客户作对照"), "fills free hours, not compared": ("no: fills hours that became free", "无：利用空余工时"), "no hold-out": ("no", "无"),
    },
    "group": {
        "no capacity": ("no hours or money left", "工时或预算不足"), "left alone": ("a rule says leave alone", "按规则不打扰"), "held out": ("held out on purpose, to measure", "对照组"), "not worth it": ("costs more than it brings", "得不偿失"),
    },
    "change": {"added": ("new", "新增"), "kept": ("still to do", "继续"), "done": ("done", "完成"), "dropped": ("dropped", "取消")},
    "owner": {"automatic": ("automatic", "自动")},
}  # fmt: skip
ASSUMED = {
    "staff": ("default team", "默认团队"), "costs": ("default costs", "默认成本"), "default margin rate": ("default margin rate", "默认毛利率"), "value model at the default margin rate": ("forecast of value at the default margin rate", "按默认毛利率的价值预测"),
    "typical customer": ("value of a typical customer", "按典型客户估值"), "consent not known": ("consent not known", "是否同意联系未知"),
}  # fmt: skip
STATUS_WORDS = {word.lower(): key for key, pair in WORDS["status"].items() for word in (key, *pair)}
CHANGE_RANK = {"added": 0, "done": 1, "dropped": 2, "kept": 3}
TIMID = "planned as "


def translate(values: pd.Series, words: Mapping[str, tuple[str, str]], language: Language) -> pd.Series:
    """Return values in a language; what has no translation stays as it is."""
    place = 1 if language == "zh" else 0
    return values.map(lambda v: words[v][place] if v in words else v).fillna("").astype("str")


def say_assumed(defaults: str, language: Language = "en") -> str:
    """Return what was assumed, in words.

    Examples
    --------
    >>> say_assumed("staff; cost of internal")
    'default team; default cost of desk work'
    """
    place = 1 if language == "zh" else 0
    told = []
    for part in filter(None, defaults.split("; ")):
        row = part.removeprefix("cost of ")
        name = WORDS["channel"].get(row, (row.replace("_", " "),) * 2)[place]
        told.append(ASSUMED[part][place] if part in ASSUMED else f"{'默认成本：' if place else 'default cost of '}{name}" if part != row else part)
    return ("；" if place else "; ").join(told)


def word_actions(actions: pd.DataFrame, language: Language, tier_zh: Mapping[str, str]) -> pd.DataFrame:
    """Return the action list with its values in words, ready for `ACTIONS`.

    Parameters
    ----------
    actions : pandas.DataFrame
        Table `action_list`.
    language : str
        en or zh.
    tier_zh : mapping
        Label of a tier in English to the one in Chinese.
    """
    zh = language == "zh"
    own = {c: actions[f"{c}_zh" if zh else c] for c in ("what", "script", "stop", "play_label")}
    own["reason"] = actions["reason_zh" if zh else "reason"].map(_sentence)
    tier = actions["tier"].fillna("")
    tier = tier.map(tier_zh).fillna(tier) if zh else tier
    between = "；" if zh else "; "
    words = {c: translate(actions[c], WORDS[c], language) for c in ("status", "level", "channel", "owner")}
    told = actions.assign(
        **own, **words, grave=actions["level"], about=[between.join(filter(None, pair)) for pair in zip(actions["who"], tier, strict=True)],
        of=[_step_of(s, n, zh) for s, n in zip(actions["step"], actions["steps"], strict=True)], compared=translate(actions["hold_out"], WORDS["compared"], language),
        hand_over_to=translate(actions["hand_over_to"], WORDS["owner"], language),
        note=[between.join(filter(None, (_say_channel(c, zh), say_assumed(d, language)))) for c, d in zip(actions["channel_note"], actions["defaults"], strict=True)],
    )  # fmt: skip
    return told.astype(dict.fromkeys(("about", "of", "note"), "str"))


def _step_of(step: int, steps: int, zh: bool) -> str:
    return f"{step}/{steps}" if zh else f"{step} of {steps}"


def _say_channel(note: str, zh: bool) -> str:
    planned = note.removeprefix(TIMID).split(":")[0]
    if not note.startswith(TIMID) or planned not in WORDS["channel"]:
        return note
    en, cn = WORDS["channel"][planned]
    return f"原计划{cn}：客户未同意或偏好其他方式" if zh else f"planned as {en}: the customer has not agreed to it or prefers another way"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def word_not_served(rows: pd.DataFrame, language: Language, play_labels: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
    """Return the customers who get nothing with values in words, dearest first whatever the reason, ready for `NOT_SERVED`."""
    labels = translate(rows["play"], play_labels, language)
    told = rows.assign(
        group=translate(rows["group"], WORDS["group"], language),
        play_label=labels,
        owner=translate(rows["owner"], WORDS["owner"], language),
        reason=rows["reason"].map(_sentence),
        why=rows["why"].map(_sentence),
    )
    return told.sort_values(["net_lost", "customer_id"], ascending=[False, True], ignore_index=True)


def word_changes(changes: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return what became of the last list in words, ready for `CHANGES`: work of people first, and of it what is new."""
    machine = changes["owner"] == "automatic"
    told = changes.assign(
        change=translate(changes["change"], WORDS["change"], language), owner=translate(changes["owner"], WORDS["owner"], language), why=changes["why"].map(_sentence), _machine=machine, _rank=changes["change"].map(CHANGE_RANK)
    )  # fmt: skip
    return told.sort_values(["_machine", "_rank"], kind="stable", ignore_index=True).drop(columns=["_machine", "_rank"])


def sum_owners(actions: pd.DataFrame, load: pd.DataFrame, automatic: str = "automatic") -> pd.DataFrame:
    """Return one row per owner with an action: customers, actions, severe, first_week (Int64), and of the first week planned, hours (float64) and load (share).

    Parameters
    ----------
    actions : pandas.DataFrame
        Table `action_list`.
    load : pandas.DataFrame
        Table `owner_load`.
    automatic : str
        The owner that is no person; left out.
    """
    people = actions[actions["owner"] != automatic]
    weeks = load[load["week"] == 0].drop_duplicates("owner").set_index("owner")
    end = weeks["week_from"].min() + pd.Timedelta(days=7) if len(weeks) else pd.NaT
    told = people.assign(_grave=people["customer_id"].where(people["level"] == "severe"), _soon=people["due_on"] < end).groupby("owner").agg(
        customers=("customer_id", "nunique"), actions=("action_id", "size"), severe=("_grave", "nunique"), first_week=("_soon", "sum")
    )  # fmt: skip
    return told.join(weeks[["job", "planned", "hours", "load"]]).reset_index()


def headers(columns: Sequence[Column], language: Language, currency: str) -> dict[str, str]:
    """Return key to header."""
    return {c.key: c.header(language, currency) for c in columns}

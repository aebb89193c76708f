"""Texts in two languages: themes, mood, labels, the sample for people and what they answer."""

import pandas as pd
import pytest

from helpers.errors import UserError
from helpers.needs.checking import draw_sample, measure_agreement, read_checks
from helpers.needs.language import detect_language, join_texts, split_words
from helpers.needs.learn import find_topics, hold_back, judge_sentiment
from helpers.needs.maps import build_maps
from helpers.needs.settings_people import VoiceSettings
from helpers.needs.voice import name_sentiment, read_feedback, score_sentiment, summarise_themes
from helpers.runs.needs_inputs import read_maps

MAPS = read_maps()


def texts(*rows):
    frame = pd.DataFrame([(f"T{n}", text) for n, text in enumerate(rows)], columns=["ticket_id", "text"])
    tickets = frame.assign(customer_id=[f"c{n % 7}" for n in frame.index], opened_at=pd.Timestamp("2025-05-01"))
    return join_texts(("ticket", tickets, "ticket_id", "opened_at"))


@pytest.mark.parametrize(
    ("text", "theme", "mood"),
    [
        ("The parcel is still waiting at the courier, four days late", "late_delivery", "negative"),
        ("物流太慢,还没收到", "late_delivery", "negative"),
        ("發貨太慢,還沒收到", "late_delivery", "negative"),  # traditional characters
        ("How do I set the timer?", "how_to_use", "neutral"),
        ("可以定制印logo的杯子吗", "custom_request", "neutral"),
        ("Could you add our own label to the bags?", "custom_request", "neutral"),
        ("房间干净,服务热情,非常满意", "praise", "positive"),
        ("Not good, I am not satisfied", "other", "negative"),
        ("xyzzy", "other", "neutral"),
    ],
)  # fmt: skip
def test_themes_and_mood_of_texts_that_the_demo_does_not_hold(text, theme, mood):
    told = read_feedback(texts(text), MAPS).iloc[0]
    assert (told["theme"], told["sentiment"]) == (theme, mood)


@pytest.mark.parametrize(("text", "sign"), [("不满意", -1), ("很满意", 1), ("太差了", -1), ("not bad", 1), ("never late", 1), ("", 0), ("没有任何问题", 1)])
def test_negations_turn_praise_and_blame(text, sign):
    score = score_sentiment(text, MAPS.sentiment)
    assert (score > 0) - (score < 0) == sign and name_sentiment(score) == ("negative", "neutral", "positive")[sign + 1]


def test_languages_and_words():
    assert [detect_language(t) for t in ("机器坏了", "broken", "E4", "the 机器 is broken again today")] == ["zh", "en", "en", "en"]
    assert split_words("冲煮头没有压力") and all(len(w) <= 3 for w in split_words("冲煮头没有压力"))


def test_empty_texts_are_left_out_and_tables_without_texts_do_no_harm():
    table = pd.DataFrame({"customer_id": ["a", "b"], "answered_on": pd.to_datetime(["2025-01-01"] * 2), "text": ["  ", None]})
    said = read_feedback(join_texts(("survey", table, "", "answered_on"), ("ticket", None, "ticket_id", "opened_at")), MAPS)
    assert said.empty and summarise_themes(said, MAPS).empty and find_topics(said, VoiceSettings()).empty


def test_the_model_never_sees_an_equal_text():
    said = pd.Series(["good"] * 30 + ["bad"] * 30)  # two texts: whoever is held back was never seen, so the model cannot be right by memory
    told = hold_back(said, pd.Series(["positive"] * 30 + ["negative"] * 30), 2)
    assert (told != pd.Series(["positive"] * 30 + ["negative"] * 30)).all()


def test_the_model_beats_the_majority_where_words_tell_and_not_where_they_do_not():
    words = [
        f"the {a} {b} was {m}"
        for a in ("room", "bed", "meal", "desk", "lamp")
        for b in ("today", "again", "here", "there")
        for m in ("lovely", "awful", "superb", "filthy")
    ]
    labels = pd.Series(["positive" if w.endswith(("lovely", "superb")) else "negative" for w in words])
    table, _ = judge_sentiment(pd.Series(words), labels, lambda t: "positive", VoiceSettings())
    assert table.set_index("method")["beats_majority"].to_dict() == {"majority": False, "dictionary": False, "model": True}
    mixed = labels.sample(frac=1, random_state=1).reset_index(drop=True)
    assert not judge_sentiment(pd.Series(words), mixed, lambda t: "positive", VoiceSettings())[0].set_index("method").at["model", "beats_majority"]


def test_topics_are_found_without_the_dictionary():
    said = read_feedback(texts(*[f"invoice wrong tax number {n}" for n in range(30)], *[f"pump noise heater cold water {n}" for n in range(30)]), MAPS)
    topics = find_topics(said, VoiceSettings(topics=2))
    assert topics["texts"].tolist() == [30, 30] and {"invoice", "tax"} <= set(topics["words"].str.split().explode())


def test_the_sample_is_fixed_and_what_a_person_enters_comes_back():
    said = read_feedback(texts(*[f"invoice {n}" for n in range(40)], *[f"late parcel {n}" for n in range(40)]), MAPS)
    sheet = draw_sample(said, VoiceSettings(sample=20))
    assert sheet.equals(draw_sample(said.sample(frac=1, random_state=1).sort_values(["source", "record"], ignore_index=True), VoiceSettings(sample=20)))
    assert sheet["theme"].value_counts().to_dict() == {"invoice": 10, "late_delivery": 10}
    assert read_checks(sheet).empty
    filled = sheet.assign(checked_theme=sheet["theme"].mask(sheet.index < 2, "price"), checked_sentiment="")
    told = measure_agreement(said, read_checks(filled))
    assert told["what"].tolist() == ["theme"] and told[["checked", "agree"]].values.tolist() == [[20, 18]]
    assert told["low"].item() < 0.9 < told["high"].item() and told["majority"].item() < 0.9


@pytest.mark.parametrize(
    ("contents", "sentence"),
    [
        ({"themes": {"x": {"en": "X", "zh": "X", "kind": "wish", "words": {"en": [], "zh": []}}}}, "data/needs/themes.yml, x.kind"),
        ({"sentiment": {"negations": {"en": [False]}}}, "data/needs/sentiment.yml, negations.en.0"),
        ({"pain_points": [{"signal": "s"}]}, "data/needs/pain_points.yml, 0.table"),
    ],
)
def test_a_fault_in_a_map_names_file_and_place(contents, sentence):
    good = MAPS.model_dump(mode="json")
    with pytest.raises(UserError) as fault:
        build_maps({**good, **contents})
    assert sentence in str(fault.value) and "\n" not in str(fault.value)


def test_a_map_that_is_no_yaml_or_missing_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="there is no file data/needs/themes.yml"):
        read_maps(tmp_path)
    (tmp_path / "themes.yml").write_text("a: [1, 2", encoding="utf-8")
    with pytest.raises(UserError, match="themes.yml, line .* is no valid YAML"):
        read_maps(tmp_path)

"""Sentiment on reviews that the dictionary was not written for: held-back accuracy beside always saying the most frequent label."""

import pandas as pd
import pytest

from helpers.needs.learn import judge_sentiment
from helpers.needs.settings_people import VoiceSettings
from helpers.needs.voice import score_sentiment
from helpers.runs.needs_inputs import read_maps
from helpers.runs.paths import project_root

OPEN = project_root().parent / "shared" / "data" / "open"
pytestmark = pytest.mark.skipif(not OPEN.exists(), reason="needs the open data sets beside the project (shared/data/open)")
LEXICON = read_maps().sentiment


def read(text: str) -> str:
    return "positive" if score_sentiment(text, LEXICON) > 0 else "negative"


@pytest.mark.parametrize(
    ("file", "text", "label", "model", "dictionary"),
    [
        ("zh/ChnSentiCorp_htl_all.csv", "review", "label", 0.85, 0.74),
        ("zh/waimai_10k.csv", "review", "label", 0.84, 0.79),
        ("reviews/WomensClothingE-CommerceReviews.parquet.brotli", "Review Text", "Recommended IND", 0.86, 0.80),
    ],
    ids=["hotel reviews, Chinese", "takeaway reviews, Chinese", "clothing reviews, English"],
)  # fmt: skip
def test_the_model_beats_the_majority_on_held_back_reviews(file, text, label, model, dictionary):
    frame = pd.read_parquet(OPEN / file) if "parquet" in file else pd.read_csv(OPEN / file)
    known = frame.dropna(subset=[text, label]).sample(4000, random_state=1).reset_index(drop=True)  # a part: the whole takes minutes
    labels = known[label].map({0: "negative", 1: "positive"}).astype("str")
    table = judge_sentiment(known[text].astype("str"), labels, read, VoiceSettings(folds=3))[0].set_index("method")
    assert table.at["model", "gain_low"] > 0 and table.at["model", "accuracy"] >= model
    assert table.at["dictionary", "accuracy"] >= dictionary and table.at["majority", "accuracy"] < table.at["model", "accuracy_low"]

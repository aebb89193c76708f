"""Names, telephone numbers and e-mail addresses in one comparable form (F06, row 002-13)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from opencc import OpenCC

_TONES = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü"
_PINYIN = re.compile(rf"(?<=[\u4e00-\u9fff])\([a-z{_TONES}]+\)(?=[\u4e00-\u9fff]|$)")
_LEGAL = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|集团公司|集团|公司|\bco\.?,?\s*ltd\.?|\blimited\b|\bltd\.?|\binc\.?|\bllc\b|\bgmbh\b|\bcorp(oration)?\.?|\bcompany\b|\bco\.?$|\bs\.?a\.?$|\bplc\b)"
)


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def normalise_text(text: str) -> str:
    """Return text half-width, simplified, lower case, without pinyin noise and doubled blanks.

    Examples
    --------
    >>> normalise_text("重點(diǎn)客戶　ＡＢＣ")
    '重点客户 abc'
    """
    half = unicodedata.normalize("NFKC", _PINYIN.sub("", text))
    return _simplifier().convert(" ".join(_PINYIN.sub("", half).split()).casefold())


def normalise_name(name: str) -> str:
    """Return the comparable form of a person's or company's name; legal forms go, branches stay.

    Examples
    --------
    >>> normalise_name("Harbour Café Co., Ltd.") == normalise_name("HARBOUR CAFE LTD")
    True
    >>> normalise_name("Blue Café Nanshan") == normalise_name("Blue Café Futian")
    False
    """
    plain = _LEGAL.sub(" ", normalise_text(name))
    letters = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    words = re.sub(r"[^\w]+", " ", letters).replace("_", " ").split()
    joined = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", " ".join(words))  # blanks between Chinese characters mean nothing
    return joined or normalise_text(name)


def normalise_phone(text: str, region: str) -> str | None:
    """Return a telephone number in E.164, or None when it is none.

    Examples
    --------
    >>> normalise_phone("138-0013-8000", "CN")
    '+8613800138000'
    >>> normalise_phone("12", "CN") is None
    True
    """
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), region)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_possible_number(number) else None


def normalise_email(text: str) -> str | None:
    """Return an e-mail address in lower case, or None when it is none.

    Examples
    --------
    >>> normalise_email(" Mei.Lin@Example.COM ")
    'mei.lin@example.com'
    """
    try:
        checked = validate_email(unicodedata.normalize("NFKC", text).strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return str(checked.normalized).casefold()

"""What of a text is there for the eye: without mark-up, signs that nobody sees, and look-alikes of others."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(r"</?(?:a|b|br|div|em|font|i|li|p|small|span|strong|td|tr|u|ul)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_NUMERO = re.compile(r"(?<!\w)n\s?[°º]|№", re.IGNORECASE)
_LIKE = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("’‘‚‛`´", "'")
    | dict.fromkeys('“”„‟«»"', '"')
    | {"：": ":"}
    | dict(zip("АВЕКМНОРСТХ", "ABEKMHOPCTX", strict=True))
)
_AS_SEEN = re.compile(r"[ !-$'-;=-_a-~]*")
"""Nothing of the above is in it."""


def visible(text: str) -> str:
    """Without mark-up and signs that nobody sees; a gap is one space, what ends a line or a cell is a line break."""
    if _AS_SEEN.fullmatch(text):
        return " ".join(text.split())
    text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _TAG.sub("\n", text))
    text = _NUMERO.sub(" : ", "".join(map(_seen, text)))
    text = unicodedata.normalize("NFKC", text).translate(_LIKE)
    text = "".join(str(unicodedata.decimal(sign, sign)) for sign in text).replace("%20", " ")
    return re.sub(r"[^\S\n]+", " ", text).strip()


def _seen(sign: str) -> str:
    if sign in "\n\r\t\v\f\u2028\u2029\x85":
        return "\n"
    hidden = unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn"} or "\ufe00" <= sign <= "\ufe0f"
    return "" if hidden else sign

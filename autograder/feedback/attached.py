"""Pictures in what students write: their bytes go through no parser of Markdown or HTML.

While a text is formatted, a short word stands for each picture. What cannot be shown is replaced by
a sentence, never the text around it.
"""

import base64
import binascii
import re
import secrets
from urllib.parse import quote, unquote

from markupsafe import escape

SIGNATURES = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
# Characters of base64, for a picture of 4.5 MB.
MAX_IMAGE = 6_000_000
# Pictures of one cell.
MANY = 200
INLINE = re.compile(
    r"data:([\w.+-]{1,40}/[\w.+-]{1,40})(?:;[\w=.-]{1,40}){0,3};base64,([\w+/=%-]+)"
)
ATTACHMENT = re.compile(r"attachment:([^\s)<>\"']{0,200})")
# Addresses in Markdown and in HTML.
SHOWN = re.compile(
    r"(!\[[^\[\]\n]{0,300}\]\()(?:<([^<>\n]{1,300})>|([^\s()<>]{1,300}(?:\([^\s()<>]{0,50}\)[^\s()<>]{0,50})?))"
)
TAG = re.compile(r"(<img\b[^<>]{0,300}?\bsrc\s*=\s*[\"']?)()([^\"'\s<>]{1,300})", re.IGNORECASE)
IMAGE = re.compile(r"<img\b(?:[^<>\"]|\"[^\"]*\")*>")


class Pictures:
    """The pictures of one text.

    Parameters
    ----------
    attachments
        What the cell has attached: kinds and base64 by name.
    """

    def __init__(self, attachments):
        self._nonce = secrets.token_hex(8)
        self._attached = dict(attachments) if isinstance(attachments, dict) else {}
        # What stands in for each: kind and base64, or a sentence.
        self._shown: list[tuple[str, str]] = []
        self._word = re.compile(rf"data:image/png;base64,{self._nonce}(\d+)x")

    def set_aside(self, text: str, most: int) -> str:
        """The text with a word in the place of each picture, and at most so many characters."""
        text = INLINE.sub(lambda m: self._put(unquote(m[2]), "a picture"), text)
        text = text[:most]
        if "attachment:" in text:
            for name in sorted(self._attached, key=len, reverse=True)[:MANY]:
                text = self._replace(text, name)
            text = ATTACHMENT.sub(lambda m: self._missing(unquote(m[1])), text)
        for pattern in (SHOWN, TAG):
            text = pattern.sub(lambda m: m[1] + self._address(m[2] or m[3]), text)
        return text

    def put_back(self, html: str) -> str:
        """The formatted text with the pictures in it."""

        def image(tag: re.Match) -> str:
            word = self._word.search(tag[0])
            if word is None:
                return tag[0]
            kind, data = self._of(word)
            if not kind:
                return f"<em>[{escape(data)}]</em>"
            return tag[0].replace(word[0], f"data:{kind};base64,{data}")

        if self._nonce not in html:
            return html
        return self._word.sub("…", IMAGE.sub(image, html))

    def _of(self, word: re.Match) -> tuple[str, str]:
        number = int(word[1])
        return self._shown[number] if number < len(self._shown) else ("", "no picture")

    def _replace(self, text: str, name: str) -> str:
        bundle = self._attached[name]
        values = bundle.values() if isinstance(bundle, dict) else ()
        found = [value for value in values if kind_of(value)]
        for written in dict.fromkeys((name, quote(name), quote(name, safe="/()"))):
            if f"attachment:{written}" in text:
                word = self._put(found[0], name) if found else self._missing(name)
                text = text.replace(f"attachment:{written}", word)
        return text

    def _put(self, data: str, name: str) -> str:
        data = "".join(data.split())
        if kind := kind_of(data):
            return self._stand_in(kind, data)
        size = f", of {len(data) * 3 / 4e6:.1f} MB" if len(data) > MAX_IMAGE else ""
        return self._stand_in("", f"{name[:80]} of a kind{size} that cannot be shown here")

    def _missing(self, name: str) -> str:
        return self._stand_in(
            "", f"the picture {name[:80]} is missing, or of a kind that cannot be shown here"
        )

    def _address(self, address: str) -> str:
        """What is neither attached nor inside the text: nothing is loaded from anywhere."""
        if self._word.fullmatch(address):
            return address
        return self._stand_in("", f"the picture {address[:80]} is not part of the notebook")

    def _stand_in(self, kind: str, data: str) -> str:
        if len(self._shown) >= MANY:
            kind, data = "", "more pictures than can be shown"
        self._shown.append((kind, data))
        return f"data:image/png;base64,{self._nonce}{len(self._shown) - 1}x"


def kind_of(value) -> str:
    """What kind of image some base64 text holds, whatever it is called; "" if none or too large."""
    if not isinstance(value, str) or len(value) > MAX_IMAGE:
        return ""
    try:
        content = base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    for kind, signatures in SIGNATURES.items():
        if content.startswith(signatures) and (kind != "image/webp" or content[8:12] == b"WEBP"):
            return kind
    return ""

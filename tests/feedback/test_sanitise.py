"""What `clean` keeps of HTML, and a named test for each way around it."""

import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from attacks import COVER, HTML_ATTACKS, SCRIPT, Page
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.feedback.sanitise import (
    ATTRIBUTES,
    BLOCKS,
    CLASSES,
    INLINE,
    MAX_HTML,
    STYLES,
    TOO_LARGE,
    clean,
)

GIF = "data:image/gif;base64,R0lGODlhAQABAAAAACw="
# `rel` is the cleaner's own: the address of formgrader's page is not sent to a link's server.
REL = 'rel="noopener noreferrer"'


class Tree(HTMLParser):
    """Reads cleaned HTML strictly: every end must be that of the last element still open."""

    VOID = frozenset({"br", "col", "hr", "img"})

    def __init__(self, text: str):
        super().__init__()
        self.attributes, self.open = [], []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        assert tag in BLOCKS | INLINE, tag
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def check(cleaned: str) -> None:
    """What holds for everything that `clean` returns."""
    for tag, name, value in Tree(cleaned).attributes:
        if name == "class":
            assert set(value.split()) <= CLASSES
        elif name == "rel":
            assert tag == "a" and value == "noopener noreferrer"
        else:
            assert name in ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()), (tag, name)
        if name == "href":
            assert value.lower().startswith(("http://", "https://", "mailto:", "#"))
        if name == "src":
            assert value.startswith("data:image/")
        if name == "style" and tag in INLINE:
            assert not any(part in value.lower() for part in ("padding", "border"))
    assert clean(cleaned) == cleaned
    # A page reads it within its own elements as it is read here: it closes none of them.
    assert clean(f"<div><p></p>{cleaned}<hr></div>") == f"<div><p></p>{cleaned}<hr></div>"


@pytest.mark.parametrize("name", HTML_ATTACKS)
def test_each_attack_in_markup_is_cleaned_to_a_fragment_of_its_own(name):
    cleaned = clean(HTML_ATTACKS[name])
    check(cleaned)
    page = Page(f"<main><p>{cleaned}</p></main>")
    assert not page.active
    assert page.tags[0] == "main" and "body" not in page.tags


TAGS = sorted(BLOCKS | INLINE) + [
    "annotation-xml", "body", "button", "font", "foreignobject", "form", "frameset", "html",
    "iframe", "math", "marquee", "mtext", "nobr", "noscript", "object", "option", "plaintext",
    "script", "section", "select", "style", "svg", "template", "textarea", "title", "xmp",
]  # fmt: skip
VALUES = ["javascript:x", "https://x", "http:x", "#x", "//x", GIF, "data:image/svg+xml,x", COVER,
          "color: red", "padding: 9px", "k", "statusmessage", '"', "<", ">"]  # fmt: skip
attribute = st.builds(
    "{}='{}'".format,
    st.sampled_from(["href", "src", "srcset", "style", "class", "id", "name", "onclick", "xmlns"]),
    st.sampled_from(VALUES),
)
start = st.builds("<{} {}>".format, st.sampled_from(TAGS), st.just("") | attribute)
end = st.sampled_from(TAGS).map("</{}>".format)
junk = st.sampled_from(["x", "\n", "\0", "&#13;", "&lt;", "&nbsp;", "<!--", "-->", "<![CDATA[",
                        "]]>", "/>", "<?x", "<!DOCTYPE html>", "\ufeff"]) | st.text(max_size=3)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(start | end | junk, max_size=40).map("".join))
@example("<pre>\n\n\nx</pre>")
@example("<a><table><a>")
@example("<p><svg><foreignobject><p>")
@example("<h1><marquee><h2>")
def test_whatever_is_cleaned_is_allowed_closed_and_settled(html):
    check(clean(html))


def test_a_removed_tag_does_not_let_an_item_close_the_page():
    assert clean("<li><div><section><li>x</section></div></li>") == "<li><div></div></li><li>x</li>"
    assert clean("<dd><div><marquee><dt>x") == "<dd><div></div></dd><dt>x</dt>"


@pytest.mark.parametrize(
    "address", ["https://x.org/a?b=1&c=2", "HTTP://x.org", "mailto:a@x.org", "#part"]
)
def test_a_link_to_elsewhere_stays(address):
    written = address.replace("&", "&amp;")
    assert clean(f'<a href="{address}">x</a>') == f'<a href="{written}" {REL}>x</a>'


@pytest.mark.parametrize(
    "address",
    [
        "", "page", "/formgrader", "//x.org", "?x", "http:page", "https:/page", r"http:\\x.org",
        "ftp://x.org", "file:///etc", "blob:x", "vbscript:x", "javascript:x", " https://x.org",
        "ht\ntps://x.org", "java\tscript:x", "&#106;avascript:x", "javascript&colon;x", GIF,
    ],
)  # fmt: skip
def test_any_other_link_goes(address):
    assert clean(f'<a href="{address}">x</a>') == f"<a {REL}>x</a>"


def test_a_picture_stays():
    assert clean(f"<img src='{GIF}' alt='a &lt; \"b\"'>") == (
        f'<img src="{GIF}" alt="a &lt; &quot;b&quot;">'
    )


@pytest.mark.parametrize(
    "attribute",
    [
        "src=https://x.org/a.png", "src=/a.png", "src=data:image/svg+xml;base64,AA==",
        "src=data:text/html;base64,AA==", "src=data:image/png,x", "src=DATA:image/png;charset=x,x",
        "src='data:image/png ;base64,AA=='", f"srcset='{GIF} 1x, //x.org 2x'", "lowsrc=x",
        "onerror=x", "width=9999", "usemap=#x",
    ],
)  # fmt: skip
def test_any_other_attribute_of_a_picture_goes(attribute):
    assert clean(f"<img {attribute}>") == "<img>"


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("a<script>b</script>c<style>d</style>e", "ace"),
        ("a<style>b", "a"),
        ("a<svg><a href='https://x.org'>b</a></svg>c<math><mi>d</mi></math>e", "ace"),
        ("a<template>b</template>c", "ac"),
        ("a<!-- b -->c<!DOCTYPE html>d<?e?>f<![CDATA[g]]>h", "acdfh"),
        ("<noscript><b>a</noscript>", "&lt;b&gt;a"),
        ("<textarea><b>a</textarea>", "&lt;b&gt;a"),
        ("<iframe><b>a</iframe>", "&lt;b&gt;a"),
        ("<title><b>a</title>", "&lt;b&gt;a"),
        ("<section><font color=red>a</font></section>", "a"),
        ("a < b &lt; c &amp; &copy; d\0", "a &lt; b &lt; c &amp; © d"),
    ],
)
def test_what_is_left_of_a_tag_that_is_not_allowed(html, kept):
    assert clean(html) == kept


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<td>a</td><tr><td>b", "ab"),
        ("<table><tr><td>a", "<table><tbody><tr><td>a</td></tr></tbody></table>"),
        ("<table>a<tr><td>b</table>", "a<table><tbody><tr><td>b</td></tr></tbody></table>"),
        ("</div></td></table></body><b>a", "<b>a</b>"),
        ("<p>a<p>b<li>c", "<p>a</p><p>b</p><li>c</li>"),
    ],
)
def test_every_tag_is_closed_and_none_of_the_page(html, kept):
    assert clean(html) == kept


def test_nothing_takes_a_name_or_a_class_of_the_page():
    html = '<b id="notebook" name="submit" class="k statusmessage" data-x="1" lang="x" is="x">a</b>'
    assert clean(html) == '<b class="k">a</b>'


def test_styles_keep_what_is_allowed():
    style = "; ".join(f"{name}: 0" for name in sorted(STYLES))
    kept = ";".join(f"{name}:0" for name in sorted(STYLES))
    assert clean(f'<div style="{style}">a</div>') == f'<div style="{kept}">a</div>'
    assert clean("<span style='color: rgb(1, 2, 3); font-weight: bold'>a</span>") == (
        '<span style="color:rgb(1, 2, 3);font-weight:bold">a</span>'
    )


@pytest.mark.parametrize(
    "style",
    [
        *COVER.split(";"), "margin: -99px", "float: left", "display: none", "opacity: 0",
        "transform: scale(9)", "background: url(//x.org)", "background-image: url(//x.org)",
        r"p\6f sition: fixed", "--x: 1", "@import url(//x.org)", "} body {display: none", "all: unset",
        "line-height: 0", "font-size: 999px", "content: 'x'", "text-decoration: overline 999px",
        "border-image: url(//x.org)", "list-style: url(//x.org)", "cursor: url(//x.org), auto",
    ],
)  # fmt: skip
def test_any_other_style_goes(style):
    assert clean(f'<div style="{style}">a</div>') == '<div style="">a</div>'


@pytest.mark.parametrize("tag", sorted(INLINE - {"br", "img"}))
@pytest.mark.parametrize("style", ["padding: 999px", "BORDER: 999px solid", r"p\61 dding: 999px"])
def test_an_inline_element_cannot_reach_over_the_page(tag, style):
    assert "999px" not in clean(f"<{tag} style='color: red; {style}'>a</{tag}>")
    assert "color:red" in clean(f"<{tag} style='color: red'>a</{tag}>")


def test_line_breaks_at_the_start_of_a_listing_stay():
    # A browser drops the first.
    listing = '<pre style="color:red">\n\n\na</pre>'
    assert clean(listing) == clean(clean(listing)) == listing


BOLD = "".join(f"<b title=x style=color:#{i:03x}>" for i in range(4000))
PARAGRAPHS = "<p>x" * 10_000
TOO_MUCH = {
    "long": "<b>x</b>" * 100_000,
    "nested": "<div>" * (MAX_HTML // 5),
    "lists": "<ul><li>" * (MAX_HTML // 8),
    "reopened": "<b></p>" * (MAX_HTML // 7),
    "multiplied": f"<p>{BOLD[:58_000]}{PARAGRAPHS[:8000]}",
    "grows": f"<p>{BOLD[:9000]}{PARAGRAPHS[:4000]}",
    "entities": "<&a" * 60_000,
    # For a browser, none of these is closed.
    "closed_in_a_value": '<b title="</b>">' * 3000 + PARAGRAPHS,
    "closed_in_a_comment": "<b><!--</b>-->" * 3000 + PARAGRAPHS,
    "another_name": '<div\vtitle="x">x</div>' * 8000,
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_is_too_large_is_left_out_at_once(name):
    assert len(TOO_MUCH[name]) <= MAX_HTML or name == "long"
    before = time.perf_counter()
    assert clean(TOO_MUCH[name]) == TOO_LARGE
    assert time.perf_counter() - before < 10


def test_a_large_table_stays():
    row = "<tr>" + '<td style="color:red">0.25</td>' * 8 + "</tr>"
    table = f'<table class="dataframe"><tbody>{row * 600}</tbody></table>'
    assert clean(table) == table


def test_pages_can_be_cleaned_in_several_threads():
    htmls = list(HTML_ATTACKS.values()) * 20
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(clean, htmls)) == [clean(html) for html in htmls]


def test_bytes_and_what_is_no_text_are_cleaned_too():
    assert clean(b"<b>\xff" + SCRIPT.encode()) == "<b>\ufffd</b>"
    assert clean(3) == "3"

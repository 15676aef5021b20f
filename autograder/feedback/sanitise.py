"""What a student wrote or printed, as HTML that can do nothing.

Feedback is read by students; formgrader shows the same cells inside the instructor's own session. In
`nbgrader_config.py` both get `SafeNotebook` as a step and `clean`, `markdown_to_html` and `ansi_to_html`
as filters. Everything is allowed by name: tags, attributes, style properties, types of outputs. What
takes too long or too much memory is shown without formatting (see `bounded`).
"""

import re

from jinja2 import pass_context
from markupsafe import escape
from nbconvert.filters import Highlight2HTML, ansi2html, strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nh3 import Cleaner
from pygments.token import STANDARD_TYPES

from autograder.feedback import bounded
from autograder.feedback.attached import Pictures, kind_of
from autograder.feedback.formulas import Formulas, is_prose, without_marks
from autograder.notebook import FAIL_CLOSED

BLOCKS = frozenset(
    """
    blockquote caption center col colgroup dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre
    summary table tbody td tfoot th thead tr ul
    """.split()
)
INLINE = frozenset(
    "a abbr b br code del em i img ins kbd mark s samp small span strong sub sup tt u var".split()
)
# No position, size, margin, background image or thick line: nothing can cover the page's own parts.
STYLES = frozenset(
    """
    background-color border border-bottom border-collapse border-color border-left border-right
    border-top color font-family font-style font-weight padding text-align vertical-align
    white-space
    """.split()
)
# An id, or a class of the page's own, could catch the clicks and scripts that are meant for it.
CLASSES = frozenset({"dataframe", "highlight"} | set(STANDARD_TYPES.values())) - {""}
ATTRIBUTES = {
    "*": {"style"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"alt", "height", "src", "title", "width"},
    "ol": {"start"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "table": {"border"},
}
# A browser drops the first of these line breaks, so one more has to be written.
PRE = re.compile(r"<pre\b[^<>]*>(?=\n)")
# An element with nothing but text in it. Whatever this matches is closed for a browser, too.
CLOSED = re.compile(
    r'<(\w+)(?:[ \n]+[\w-]+="[^"<>]*")*[ \n]*>[^<>]*</\1>', re.ASCII | re.IGNORECASE
)
OPENED = re.compile(r"<[a-z]", re.IGNORECASE)
REOPENED = re.compile(
    r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>]", re.IGNORECASE
)
# A relative address would lead to the instructor's own server, or to files that students handed in.
# So would `http:page` or `http:/page` on a server that is itself reached by http.
LINKS = ("http://", "https://", "mailto:", "#")
PICTURES = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif"))

TEXTS = ("text/plain", "text/html", "text/markdown", "text/latex")
IMAGES = ("image/png", "image/jpeg")
MAX_TEXT = 1_000_000
MAX_HTML = 200_000
# All outputs of a page together.
MAX_OUTPUTS = 50_000_000
LEFT_OUT = "[more output than a page can show]\n"
# See `_takes_long`: about a second.
MAX_WORK = 50_000_000
# Two are usual; of 400,000 made-up fragments none took more than four.
MAX_PASSES = 10
TOO_LARGE = "<p>[too large to be shown here]</p>"
# Pixels; pictures of high resolution say at which size they are meant.
MAX_SIDE = 2000
NO_ALT_TEXT = "No description has been provided for this image"


def _safe_value(tag: str, name: str, value: str) -> str | None:
    """The value of an allowed attribute; None removes the attribute."""
    safe = True
    if name == "href":
        safe = value.lower().startswith(LINKS)
    elif name == "src":
        safe = value.startswith(PICTURES)
    elif name in ("height", "width"):
        safe = bool(re.fullmatch("[1-9][0-9]{0,3}", value)) and int(value) <= MAX_SIDE
    elif name == "style" and tag in INLINE:
        # Lines of text make no room for these: a wide border could cover the whole page. An escaped
        # name is spelt out in the result, and so found when `clean` repeats.
        safe = "border" not in value and "padding" not in value
    return value if safe else None


CLEANER = Cleaner(
    tags=BLOCKS | INLINE,
    clean_content_tags={"script", "style"},
    attributes=ATTRIBUTES,
    attribute_filter=_safe_value,
    url_schemes={"http", "https", "mailto", "data"},
    allowed_classes=dict.fromkeys(BLOCKS | INLINE, CLASSES),
    filter_style_properties=STYLES,
)


def clean(html: str | bytes) -> str:
    """`html` without anything that acts, loads or covers the page; it closes every tag it opens."""
    html = html.decode(errors="replace") if isinstance(html, bytes) else str(html)
    if len(html) > MAX_HTML:
        return TOO_LARGE
    try:
        return bounded.call(_cleaned, html)
    except bounded.TooMuch:
        return TOO_LARGE


def _cleaned(html: str) -> str:
    # A removed tag may have kept others apart: without `<section>`, the second `<li>` of
    # `<li><div><section><li>` closes the first, and the `</div>` after it closes a part of the page.
    # So the result is cleaned again until it stays the same.
    for _ in range(MAX_PASSES):
        if len(html) > MAX_HTML or _takes_long(html):
            break
        cleaned = PRE.sub(r"\g<0>\n", CLEANER.clean(html))
        if cleaned == html:
            return cleaned
        html = cleaned
    return TOO_LARGE


def _takes_long(html: str) -> bool:
    """Whether `html` has so many unclosed tags that parsing it could take minutes.

    The time grows with tags × unclosed tags. Unclosed formatting is worse, as every new paragraph
    opens it again: 24 kB of `<b>` and `<p>` become 26 MB.
    """
    left = CLOSED.sub("", html)
    unclosed = len(OPENED.findall(left)) + 100 * len(REOPENED.findall(left))
    return html.count("<") * unclosed > MAX_WORK


@pass_context
def markdown_to_html(context, source: str) -> str:
    """The Markdown filter of both templates: nbconvert's own, cleaned."""
    pictures = Pictures(context.get("cell", {}).get("attachments", {}))
    text = pictures.set_aside(str(source), MAX_HTML)
    try:
        # A formula of some dozen letters can take for ever.
        html = bounded.call(_rendered, text, apart="$" in text or "\\" in text)
    except bounded.TooMuch:
        # Too much nesting: one cell must not spoil the whole page.
        html = f"<pre>{escape(text)}</pre>"
    return pictures.put_back(html)


def _rendered(text: str) -> str:
    renderer = _Renderer(escape=False, exclude_anchor_links=True)
    html = MarkdownWithMath(renderer=renderer).render(without_marks(text))
    return renderer.formulas.put_into(_cleaned(html)) if len(html) <= MAX_HTML else TOO_LARGE


class _Renderer(IPythonRenderer):
    """nbconvert's own, with a mark in the place of each formula."""

    def __init__(self, **options):
        super().__init__(**options)
        self.formulas = Formulas()

    def block_math(self, body: str) -> str:
        return self.formulas.mark(f"$${body}$$", body, display=True)

    def inline_math(self, body: str) -> str:
        typed = f"${body}$"
        return str(escape(typed)) if is_prose(body) else self.formulas.mark(typed, body, False)

    def latex_environment(self, name: str, body: str) -> str:
        typed = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self.formulas.mark(typed, typed, display=True)


def ansi_to_html(source: str) -> str:
    """The filter for printed text in both templates: nbconvert's own, for any text."""
    text = str(source)
    try:
        return bounded.call(ansi2html, text)
    except bounded.TooMuch:
        return str(escape(strip_ansi(text)))


def highlight(source: str) -> str | None:
    """Python code in colours; None if that takes too long."""
    if len(source) > MAX_HTML:
        return None
    try:
        return bounded.call(_highlighted, source)
    except bounded.TooMuch:
        return None


def _highlighted(source: str) -> str:
    return Highlight2HTML(pygments_lexer="ipython3")(source)


def warm_up() -> None:
    """Import what the first text of each kind would."""
    for text in ("import a", "```python\nimport a\n```", "$a$"):
        _rendered(text)
    _highlighted("import a")


class SafeNotebook(Preprocessor):
    """Keeps what formgrader's page needs of cells and outputs and drops the rest."""

    def preprocess(self, nb, resources):
        make_safe(nb)
        for cell in nb.cells:
            # Both of stock nbgrader's templates highlight code themselves, and without any limit.
            if cell.cell_type == "code" and highlight(cell.source) is None:
                cell.metadata["magics_language"] = "text"
        # formgrader's template does not escape these.
        for key in ("student", "first_name", "last_name", "notebook_path"):
            if isinstance(resources.get(key), str):
                resources[key] = str(escape(resources[key]))
        return nb, resources


def make_safe(nb: NotebookNode) -> None:
    """Drop what no page needs, in place, and begin the page's time for formatting."""
    bounded.new_page()
    # Titles, widget states, names of languages and kernels: none of this is shown.
    nb.metadata = NotebookNode(language_info=NotebookNode(name="python"))
    left = MAX_OUTPUTS
    for cell in nb.cells:
        _keep_what_is_needed(cell)
        if outputs := cell.get("outputs"):
            size = sum(len(str(output)) for output in outputs)
            if size > left:
                cell.outputs = [NotebookNode(output_type="stream", name="stdout", text=LEFT_OUT)]
            left -= min(size, left)


def _keep_what_is_needed(cell: NotebookNode) -> None:
    nbgrader = cell.metadata.get("nbgrader")
    cell.metadata = NotebookNode({"nbgrader": nbgrader} if nbgrader else {})
    # The line that keeps an unjudged check cell from earning points means nothing to a reader.
    cell.source = cell.source.replace(FAIL_CLOSED, "").rstrip("\n")
    if "attachments" in cell:
        cell.attachments = _pictures_of(cell.attachments)
    if cell.cell_type == "code":
        cell.outputs = [safe for safe in map(_safe_output, cell.outputs) if safe]
        if not isinstance(cell.get("execution_count"), int):
            cell.execution_count = None


def _pictures_of(attachments) -> NotebookNode:
    found = NotebookNode()
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(bundle, dict):
            found[name] = NotebookNode({k: v for k, v in bundle.items() if kind_of(v)})
    return NotebookNode({name: bundle for name, bundle in found.items() if bundle})


def _safe_output(output: NotebookNode) -> NotebookNode | None:
    kind = output.get("output_type")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return NotebookNode(output_type=kind, name=name, text=_text(output.get("text")))
    if kind == "error":
        lines = output.get("traceback")
        return NotebookNode(
            output_type=kind,
            ename=_text(output.get("ename")),
            evalue=_text(output.get("evalue")),
            traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
        )
    if kind not in ("display_data", "execute_result") or not isinstance(output.get("data"), dict):
        return None
    data = {mime: _text(output.data[mime]) for mime in TEXTS if mime in output.data}
    if "text/latex" in data and not {"text/html", "text/markdown"} & data.keys():
        # Then its formulas are drawn like those in texts.
        data["text/markdown"] = data["text/latex"]
    data |= {m: value for m, value in output.data.items() if m in IMAGES and kind_of(value) == m}
    safe = NotebookNode(output_type=kind, data=NotebookNode(data), metadata=_about_images(output))
    if kind == "execute_result":
        safe.execution_count = None
    return safe if data else None


def _about_images(output) -> NotebookNode:
    """Alternative texts, and the sizes at which images are meant to be shown."""
    given = output.get("metadata")
    found = NotebookNode()
    for mime in IMAGES:
        of_image = given.get(mime) if isinstance(given, dict) else None
        about = of_image if isinstance(of_image, dict) else {}
        alt = about.get("alt")
        found[mime] = NotebookNode(alt=alt[:1000] if isinstance(alt, str) else NO_ALT_TEXT)
        for side in ("height", "width"):
            # A truth value is a number, too.
            if type(about.get(side)) is int and 0 < about[side] <= MAX_SIDE:
                found[mime][side] = about[side]
    return found


def _text(value) -> str:
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "\n[cut off here]"

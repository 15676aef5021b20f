"""Pages of our own, each one HTML file that loads nothing.

Students choose names, messages and ids: templates escape all of them, and the page's content
security policy allows its one style, its one script if it has one, and pictures that are in it.
"""

import base64
import functools
import hashlib
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def fill(
    package: str, name: str, style: str, script: str = "", inline: bool = False, **values
) -> str:
    """The text of a page.

    Parameters
    ----------
    package
        Where `templates/` is, with the template `name` and the files `style` and `script`.
    inline
        Whether elements may have styles of their own, as in a student's tables.
    values
        What the template gets beside `style`, `script` and the `policy` for both.
    """
    css = _own("autograder.pages", "base.css") + _own(package, f"templates/{style}")
    js = _own(package, f"templates/{script}") if script else ""
    policy = ["default-src 'none'", "img-src data:", f"style-src {_source(css)}"]
    policy += ["style-src-attr 'unsafe-inline'"] if inline else []
    policy += [f"script-src {_source(js)}"] if js else []
    page = (
        _environment(package)
        .get_template(name)
        .render(
            policy="; ".join([*policy, "base-uri 'none'", "form-action 'none'"]),
            style=Markup(css),
            script=Markup(js),
            **values,
        )
    )
    # JSON can contain halves of surrogate pairs, which cannot be stored as text.
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


@functools.cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("autograder.pages", ".")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "percent": _percent, "seconds": _seconds}
    return environment


@functools.cache
def _own(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """The CSP source of an inline element with this text."""
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def number(value: float | None, digits: int = 2, fixed: bool = False) -> str:
    """`digits` decimals, without trailing zeros unless `fixed`; a dash if there is no figure."""
    if value is None:
        return "–"
    text = f"{value:z.{digits}f}"
    if not fixed and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _seconds(value: float | None) -> str:
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.1f} s"
    minutes, seconds = divmod(round(value), 60)
    return f"{minutes} min {seconds:02d} s"

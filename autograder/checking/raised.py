"""What feedback tells of an error that a student's code has raised.

The code knows what it was asked and chooses its errors: a message, the name of an exception's class
and a line of source are ways to send all of it home. So only texts get through that Python and its
libraries say themselves, and that carry names and small numbers at most.
"""

import builtins
import re

KINDS = frozenset(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException)
) | {"LinAlgError", "StdinNotImplementedError", "UnpicklingError", "UsageError", "WireError"}

# No digit in a name, and three at most in a number: enough for sizes, too few for what was drawn.
NAME, COUNT = r"[A-Za-z_]{1,40}", r"\d{1,3}"
SHAPE = rf"[\[(]{COUNT}?(?:, ?{COUNT}){{0,4}},?[\])]"
OWN = r"(?:[A-Za-z_.<>]{1,60}\(\) )?"
HARMLESS = re.compile(
    "|".join(
        [
            rf"name '{NAME}' is not defined(: was its cell run\?)?",
            rf"{OWN}missing {COUNT} required (positional|keyword-only) arguments?: '{NAME}'"
            rf"((,| and|, and) '{NAME}')*",
            rf"{OWN}takes (from {COUNT} to )?{COUNT} positional arguments? but {COUNT} (was|were) given",
            rf"{OWN}got (an unexpected keyword argument|multiple values for argument) '{NAME}'",
            rf"'{NAME}' object (is not (callable|iterable|subscriptable|an iterator)"
            rf"|has no attribute '{NAME}'|does not support item assignment"
            r"|cannot be interpreted as an integer)",
            rf"cannot unpack non-iterable {NAME} object",
            rf"(not enough values|too many values) to unpack \(expected {COUNT}(, got {COUNT})?\)",
            rf"unsupported operand type\(s\) for \S{{1,3}}: '{NAME}' and '{NAME}'",
            rf"cannot access local variable '{NAME}' where it is not associated with a value",
            rf"cannot import name '{NAME}'|No module named '{NAME}(\.{NAME}){{0,3}}'",
            r"division by zero|math domain error|maximum recursion depth exceeded.{0,60}",
            r"(list|tuple|string) index out of range|list indices must be integers or slices.{0,20}",
            rf"object of type '{NAME}' has no len\(\)|got {NAME}",
            rf"expected numbers, text, lists, dicts or arrays, got {NAME}",
            rf"expected Tensor as element {COUNT} in argument {COUNT}, but got {NAME}",
            rf"mat1 and mat2 shapes cannot be multiplied \({COUNT}x{COUNT} and {COUNT}x{COUNT}\)",
            r"mat1 and mat2 must have the same dtype.{0,40}",
            rf"The size of tensor a \({COUNT}\) must match the size of tensor b \({COUNT}\) at "
            rf"non-singleton dimension {COUNT}",
            rf"operands could not be broadcast together with shapes {SHAPE} {SHAPE} ?",
            rf"shape '{SHAPE}' is invalid for input of size {COUNT}",
            rf"Dimension out of range \(expected to be in range of \[-?{COUNT}, -?{COUNT}\], but got "
            rf"-?{COUNT}\)",
            r"element 0 of tensors does not require grad and does not have a grad_fn",
            r"Trying to backward through the graph a second time.*",
            r"a (leaf|view of a leaf) Variable that requires grad is being used in an in-place "
            r"operation\.",
            r"Can't call numpy\(\) on Tensor that requires grad\..{0,40}",
            r"only one element tensors can be converted to Python scalars",
            r"a Tensor with \d{1,3} elements cannot be converted to Scalar",
            r"Boolean value of Tensor with more than one value is ambiguous",
            r"grad can be implicitly created only for scalar outputs",
            r"Inference tensors cannot be saved for backward.*",
            rf'Module \[{NAME}\] is missing the required "forward" function',
            r"autograd is off here: work the gradients out by hand",
        ]
    ),
    re.DOTALL,
)
# Hardware that this machine lacks.
HARDWARE = re.compile(
    r"Torch not compiled with CUDA enabled|Found no NVIDIA driver on your system\..{0,300}"
    r"|Attempting to deserialize object on a CUDA device.{0,300}"
    r"|PyTorch is not linked with support for mps devices|No CUDA GPUs are available",
    re.DOTALL,
)
NO_GRAPHICS_CARD = (
    "it asks for a graphics card, and this computer has none: choose the device by what there is, "
    'as in torch.device("cuda" if torch.cuda.is_available() else "cpu"), and load files with '
    'map_location="cpu"'
)


def described(kind: str, message: str, line: str) -> str:
    """One sentence about an error: its kind, the line it comes from, and what Python says of it.

    Parameters
    ----------
    kind, message
        The name of the exception's class, and its text.
    line
        The line of the student's own code, or "".
    """
    # A stub raises it without a word, a library (as for a model without `forward`) with some.
    if kind == "NotImplementedError" and not message:
        return "not solved yet: the code still raises NotImplementedError"
    where = f" at `{line}`" if line else ""
    return f"your code raised {told(kind, message, where)}"


def told(kind: str, message: str, where: str = "") -> str:
    """An error's kind and text, as far as they are Python's own words; `where` comes between them."""
    known = kind if kind in KINDS else "an exception of its own kind"
    message = message.strip()
    text = f": {message}" if HARMLESS.fullmatch(message) else ""
    if HARDWARE.fullmatch(message):
        text = f": {NO_GRAPHICS_CARD}"
    return f"{known}{where}{text}"

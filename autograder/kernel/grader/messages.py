"""Jupyter messages from a kernel, treated as bytes that a student may have chosen.

A student's code can find the kernel's sockets and its key, so a correct signature proves nothing. A
message that passes here has the fields, with the types, that clients rely on without checking.
"""

from autograder.checking import wire
from autograder.checking.wire import is_shallow, json_value
from autograder.kernel.supervisor.framing import MAX_PARTS

# Bytes that are decoded as JSON: in a header, and in a content.
MAX_HEADER_BYTES = 1 << 16
MAX_CONTENT_BYTES = 8 << 20
MAX_DEPTH = 32
MAX_CONTAINERS = 50_000
TOO_LARGE = "[output too large: dropped]\n"
# What the grader's clients ask for on the shell channel; a caller takes whatever comes for its reply.
REPLIES = frozenset({"execute_reply", "kernel_info_reply"})


class Refused(ValueError):
    """This is not a message that a kernel would send."""


def read(session, parts: list[bytes], kinds: frozenset[str] | None = None) -> dict:
    """The message in the frames `parts`, in the form that `jupyter_client` returns.

    A content that is too large is never decoded: the message becomes a remark in the output, and a
    cell's reply that of a cell that failed.

    Parameters
    ----------
    kinds
        The types of messages that may come on this channel; None for all.

    Raises
    ------
    Refused
        If the message is not signed, does not have the form of its type, or has another type.
    """
    try:
        _, parts = session.feed_identities(parts)
        if len(parts) > MAX_PARTS or any(len(part) > MAX_HEADER_BYTES for part in parts[:4]):
            raise Refused("too many parts, or a header that is too large")
        message = session.deserialize(parts, content=False)
        _expect(kinds is None or message["header"]["msg_type"] in kinds)
        if len(parts[4]) > MAX_CONTENT_BYTES and message["header"]["msg_type"] == "execute_reply":
            # Only the text of an error makes it so large.
            failed = {"ename": "Error", "evalue": TOO_LARGE.strip(), "traceback": []}
            message["content"] = {"status": "error", **failed}
        elif len(parts[4]) > MAX_CONTENT_BYTES:
            message["msg_type"] = message["header"]["msg_type"] = "stream"
            message["content"] = {"name": "stdout", "text": TOO_LARGE}
        elif wire.containers(parts[4]) > wire.MAX_CONTAINERS:
            raise Refused("too many lists and dicts")
        else:
            message["content"] = json_value(parts[4])
        fields = [message[name] for name in ("header", "parent_header", "metadata", "content")]
        if not is_shallow(fields, MAX_DEPTH, MAX_CONTAINERS):
            raise Refused("nested too deeply, or too many lists and dicts")
        _expect_form(message)
    except Refused:
        raise
    except Exception as error:
        raise Refused(f"not a message ({type(error).__name__})") from None
    return message


def _expect(condition: bool) -> None:
    if not condition:
        raise Refused("a field of the wrong type")


def _expect_form(message: dict) -> None:
    header, parent, content = (message[n] for n in ("header", "parent_header", "content"))
    for part in (header, parent, message["metadata"], content):
        _expect(isinstance(part, dict))
    kind = header["msg_type"]
    _expect(isinstance(kind, str) and message["msg_type"] == kind)
    _expect(isinstance(header["msg_id"], str))
    _expect(isinstance(parent.get("msg_id", ""), str))
    transient = content.get("transient") or {}
    _expect(isinstance(transient, dict))
    _expect(isinstance(transient.get("display_id") or "", str))
    _expect(_is_count(content.get("execution_count")))
    match kind:
        case "status":
            _expect(isinstance(content["execution_state"], str))
        case "stream":
            _expect(content["name"] in ("stdout", "stderr") and isinstance(content["text"], str))
        case "display_data" | "update_display_data" | "execute_result":
            _expect(isinstance(content["metadata"], dict) and isinstance(content["data"], dict))
            for mime, value in content["data"].items():
                _expect("json" in mime or isinstance(value, str) or _texts(value))
            _expect(kind != "execute_result" or "execution_count" in content)
        case "error":
            _expect(isinstance(content["ename"], str) and isinstance(content["evalue"], str))
            _expect(_texts(content["traceback"]))
        case "execute_reply":
            _expect(isinstance(content["status"], str))
            if content["status"] == "error":
                _expect(isinstance(content["ename"], str) and isinstance(content["evalue"], str))
                _expect(_texts(content["traceback"]))
    if kind.startswith("comm"):
        # nbclient takes every message of such a type for a widget's.
        _expect_comm(content)
        _expect(kind != "comm_open" or isinstance(content["target_name"], str))


def _expect_comm(content: dict) -> None:
    data = content["data"]
    _expect(isinstance(content["comm_id"], str) and isinstance(data, dict))
    _expect(isinstance(data.get("state", {}), dict))
    paths = data.get("buffer_paths") or []
    _expect(isinstance(paths, list))
    for path in paths:
        _expect(isinstance(path, list) and all(isinstance(step, (str, int)) for step in path))


def _is_count(value) -> bool:
    return value is None or (type(value) is int and 0 <= value < 1 << 31)


def _texts(values) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)

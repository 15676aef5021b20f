"""Whatever bytes a kernel sends: a message that clients can rely on, or none."""

import asyncio
import json
import socket

import nbformat
import pytest
import zmq
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.session import Session
from nbclient import NotebookClient
from nbclient.client import CellExecutionComplete

from autograder.kernel.grader import messages
from autograder.kernel.grader.client import AsyncChannel, AsyncShell, Channel, guarded
from autograder.kernel.supervisor import framing
from autograder.kernel.supervisor.framing import Frames, Oversized

KEY = b"known to the student"
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = """
execution_state name text data metadata execution_count ename evalue traceback status transient
display_id comm_id target_name state buffer_paths wait _model_module _model_name outputs msg_id
""".split()
TYPES = """
status stream display_data update_display_data execute_result error execute_reply clear_output
comm_open comm_msg comm_close execute_input input_request autograder_reply
""".split()
# Values that are nearly right reach further than any junk does.
nearly = st.one_of(
    junk,
    st.sampled_from(["idle", "busy", "stdout", "ok", "error", "jupyter.widget", "text/plain", "c"]),
    st.just({"text/plain": "x"}), st.just({"display_id": "d"}), st.just({"data": [], "state": {}}),
    st.just({"state": {"_model_module": "@jupyter-widgets/output", "_model_name": "OutputModel",
                       "outputs": [], "msg_id": "parent"}}),
    st.just([["a", 1]]), st.just([]), st.just({}), st.integers(0, 3),
)  # fmt: skip
contents = junk | st.dictionaries(st.sampled_from(NAMES), nearly, max_size=8)
headers = junk | st.fixed_dictionaries(
    {"msg_id": st.text(max_size=3) | junk, "msg_type": st.sampled_from(TYPES) | junk},
    optional={"version": st.sampled_from(["5.4", "4.1"]) | junk, "date": junk},
)
parents = junk | st.just({"msg_id": "parent"})


def session() -> Session:
    return Session(key=KEY)


def signed(*parts) -> list[bytes]:
    """The frames of a message, signed as the kernel's own are; `bytes` are taken as they are."""
    raw = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    return [b"kernel.iopub", b"<IDS|MSG>", session().sign(raw[:4]), *raw]


def message(kind: str, content, **others) -> list[bytes]:
    header = {"msg_id": "m", "msg_type": kind, "version": "5.4"}
    return signed(header, others.get("parent", {"msg_id": "parent"}), {}, content)


@pytest.fixture(scope="module")
def notebook_client():
    """nbclient, as the judge uses it, at its first cell."""
    cell = nbformat.v4.new_code_cell("1", metadata={"execution": {}})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    client = NotebookClient(notebook, allow_errors=True)
    client.reset_execution_trackers()
    client.kc = AsyncKernelClient(session=session())
    client.kc._shell_channel = type("Nowhere", (), {"send": lambda self, message: None})()
    return client


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@example({"msg_id": "", "msg_type": "comm_close"}, {"msg_id": "parent"}, {}, {}, [])
@given(headers, parents, junk | st.just({}), contents, st.lists(st.binary(), max_size=2))
def test_forged_messages_are_refused_or_harmless(notebook_client, header, parent, meta, content, b):
    """What passes goes through nbclient without another exception than its own."""
    try:
        got = messages.read(session(), signed(header, parent, meta, content, *b))
    except messages.Refused:
        return
    assert got["parent_header"].get("msg_id", "") is not None
    cell = notebook_client.nb.cells[0]
    try:
        notebook_client.process_message(got, cell, 0)
    except CellExecutionComplete:
        pass
    nbformat.validate(notebook_client.nb)
    json.dumps(notebook_client.nb, ensure_ascii=False).encode()


@given(st.lists(st.binary(max_size=80), max_size=9))
def test_any_frames_are_refused(frames):
    with pytest.raises(messages.Refused):
        messages.read(session(), frames)


STREAM = {"name": "stdout", "text": "x"}


@pytest.mark.parametrize(
    "frames",
    [
        message("stream", {"name": "evil", "text": "x"}),
        message("stream", {"name": "stdout"}),
        message("status", {"execution_state": ["idle"]}),
        message("display_data", {"data": {"image/png": 5}, "metadata": {}}),
        message("display_data", {"data": {}, "metadata": {}, "transient": {"display_id": [1]}}),
        message("error", {"ename": "E", "evalue": "", "traceback": "text"}),
        message("execute_reply", {}),
        message("execute_result", {"data": {}, "metadata": {}, "execution_count": float("nan")}),
        message("comm_open", {"comm_id": "c", "target_name": "jupyter.widget", "data": []}),
        message("comm_msg", {"comm_id": "c", "data": {"state": {}, "buffer_paths": [[[1]]]}}),
        message("stream", STREAM, parent=None),
        message("stream", STREAM, parent={"msg_id": ["parent"]}),
        message(["stream"], STREAM),
        message("stream", None),
        message("anything", b"[" * 100_000),
        message("anything", json.loads("[" * 40 + "]" * 40)),
        message("anything", b"[" + b"[]," * 60_000 + b"[]]"),
        signed({"msg_id": "m", "msg_type": "stream", "fill": "x" * 70_000}, {}, {}, STREAM),
        [*message("stream", STREAM), *[b""] * 80],
        message("stream", STREAM)[:-1],
        [b"<IDS|MSG>", b"unsigned", b"{}", b"{}", b"{}", b"{}"],
    ],
)
def test_a_message_of_another_form_is_refused(frames):
    with pytest.raises(messages.Refused):
        messages.read(session(), frames)


def test_a_content_that_is_too_large_becomes_a_remark_and_is_not_decoded(monkeypatch):
    decoded = []
    monkeypatch.setattr(messages, "json_value", lambda data: decoded.append(len(data)))
    huge = b" " * (messages.MAX_CONTENT_BYTES + 1)
    got = messages.read(session(), message("display_data", huge))
    assert (got["msg_type"], got["content"]["text"]) == ("stream", messages.TOO_LARGE)
    assert decoded == []


def test_a_reply_that_is_too_large_is_that_of_a_cell_that_failed():
    huge = b" " * (messages.MAX_CONTENT_BYTES + 1)
    content = messages.read(session(), message("execute_reply", huge), messages.REPLIES)["content"]
    assert content["status"] == "error" and content["evalue"] + "\n" == messages.TOO_LARGE
    assert content["ename"] and content["traceback"] == []


@pytest.mark.parametrize("kind, content", [
    ("stream", {"name": "stdout", "text": "x"}), ("execute_reply", {"status": "error"}),
    ("execute_reply", {"status": "error", "ename": "E", "evalue": "", "traceback": [5]}),
    ("autograder_reply", {}), ("inspect_reply", {"status": "ok"}),
])  # fmt: skip
def test_what_is_no_reply_is_refused_where_replies_arrive(kind, content):
    with pytest.raises(messages.Refused):
        messages.read(session(), message(kind, content), messages.REPLIES)


def test_half_a_character_becomes_one_that_can_be_written():
    got = messages.read(session(), message("stream", {"name": "stdout", "text": "a\ud800b"}))
    assert got["content"]["text"].encode() == b"a?b"


GREETING = b"\xff" + bytes(8) + b"\x7f\x03" + bytes(53)


def in_pieces(data: bytes, size: int) -> int:
    frames = Frames()
    return sum(frames.feed(data[i : i + size]) for i in range(0, len(data), size))


def test_frames_are_counted_wherever_the_bytes_are_cut():
    data = (
        GREETING + b"\x04\x03cmd" + b"\x01\x02ab" + b"\x02" + (300).to_bytes(8, "big") + bytes(300)
    )
    cost = len(data) + 4 * framing.FRAME_COST
    assert {in_pieces(data, size) for size in (1, 2, 7, 64, 1000)} == {cost}


@pytest.mark.parametrize(
    "data",
    [
        GREETING + b"\x02" + (2**62).to_bytes(8, "big"),
        GREETING + b"\x03" + (framing.MAX_PART_BYTES + 1).to_bytes(8, "big"),
        GREETING + b"\x01\x00" * (framing.MAX_PARTS + 1),
        b"\x01" + GREETING[1:],
        GREETING[:10] + b"\x01" + GREETING[11:],
    ],
)
def test_a_frame_that_is_too_large_and_a_message_without_end_are_refused(data):
    with pytest.raises(Oversized):
        in_pieces(data, 1000)


@pytest.mark.parametrize("cls", [AsyncKernelClient, BlockingKernelClient])
def test_a_client_drops_what_is_no_message_and_waits_no_longer_than_told(cls, tmp_path):
    """Bad messages before a good one; then only bad ones; then a frame that is too large."""
    client = guarded(cls)(transport="ipc", ip=str(tmp_path / "k"), iopub_port=1)
    client.session = session()
    with zmq.Context() as context, context.socket(zmq.XPUB) as kernel:
        kernel.bind(f"ipc://{tmp_path}/k-1")
        client.start_channels(shell=False, stdin=False, control=False)
        assert client.context.getsockopt(zmq.MAXMSGSIZE) == framing.MAX_PART_BYTES
        kernel.recv()
        for frames in ([b"junk"], message("status", None), message("stream", STREAM)):
            kernel.send_multipart(frames)

        def get(timeout):
            got = client.get_iopub_msg(timeout=timeout)
            return asyncio.run(got) if asyncio.iscoroutine(got) else got

        assert get(10)["content"] == STREAM
        kernel.send_multipart([b"junk"])
        with pytest.raises(Exception) as empty:
            get(0.2)
        assert type(empty.value).__name__ == "Empty"
        client.stop_channels()


def test_both_kinds_of_client_have_channels_that_check():
    assert guarded(AsyncKernelClient)().shell_channel_class is AsyncShell
    assert guarded(AsyncKernelClient)().iopub_channel_class is AsyncChannel
    assert guarded(BlockingKernelClient)().iopub_channel_class is Channel


def test_half_a_heartbeat_keeps_nobody_waiting(tmp_path):
    """No thread listens to it; the stock client's never came back from half an answer."""
    client = guarded(BlockingKernelClient)(transport="ipc", ip=str(tmp_path / "k"), hb_port=5)
    with socket.socket(socket.AF_UNIX) as kernel:
        kernel.bind(str(tmp_path / "k-5"))
        kernel.listen()
        kernel.setblocking(False)
        client.start_channels(shell=False, iopub=False, stdin=False, control=False)
        assert not client.hb_channel.is_alive()
        with pytest.raises(BlockingIOError):
            kernel.accept()
        client.stop_channels()

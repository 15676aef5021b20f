"""A sealed kernel behaves like an ordinary one, for whoever knows only its name."""

import signal

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from kernel.conftest import SEALED


def test_nbclient_runs_a_notebook_given_the_name(sealed):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("6 * 7")])
    NotebookClient(notebook, kernel_name=SEALED.kernel_name).execute()
    assert notebook.cells[0].outputs[0]["data"]["text/plain"] == "42"


def test_cells_share_names_and_errors_are_shown(run):
    ran = run("x = 1", "print(x + 1)", "1 / 0", "print(x)")
    assert ran.texts[1] == "2\n" and ran.texts[3] == "1\n"
    assert ran.errors[2] == "ZeroDivisionError: division by zero"


def test_a_plot_is_shown(run):
    ran = run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert "image/png" in ran.outputs[0][0]["data"]


def test_widgets_and_progress_bars_leave_their_static_output(run):
    ran = run(
        "import ipywidgets\nipywidgets.FloatSlider(description='rate')",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3), desc='epochs'): pass",
    )
    assert "FloatSlider" in ran.outputs[0][0]["data"]["text/plain"]
    assert "epochs" in str(ran.outputs[1])


def test_input_is_refused_in_words(run):
    ran = run("input('name?')", "print('on')")
    assert ran.errors[0].startswith("StdinNotImplementedError")
    assert ran.texts[1] == "on\n"


def test_data_loader_workers_and_their_prints(run):
    ran = run("""
        import torch
        class Squares(torch.utils.data.Dataset):
            def __len__(self): return 8
            def __getitem__(self, i):
                print("worker at", i)
                return torch.tensor(i * i)
        loader = torch.utils.data.DataLoader(Squares(), batch_size=4, num_workers=2)
        print([batch.tolist() for batch in loader])
        """)
    assert "[[0, 1, 4, 9], [16, 25, 36, 49]]" in ran.texts[0], ran
    # Two workers write at the same time.
    assert ran.texts[0].count("worker at") == 8


def test_programs_can_be_run_and_their_output_is_shown(run):
    ran = run("import os, subprocess\nos.system('echo one')", "!echo two", "%%bash\necho three")
    assert ["one" in ran.texts[0], "two" in ran.texts[1], "three" in ran.texts[2]] == [True] * 3


def test_training_works(run):
    ran = run("""
        import torch
        model = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(72, 1))
        optimizer = torch.optim.Adam(model.parameters())
        model(torch.ones(5, 1, 8, 8)).sum().backward()
        optimizer.step()
        torch.save(model.state_dict(), "model.pt")
        print(sorted(torch.load("model.pt"))[0], torch.get_num_threads())
        """)
    assert ran.texts[0] == "0.bias 1\n", ran


def test_every_kernel_draws_other_random_numbers(run):
    code = "import random, json, numpy, torch\nprint(json.dumps([random.random(), numpy.random.rand(), torch.rand(1).item()]))"
    one, other = run(code).last, run(code).last
    assert all(a != b for a, b in zip(one, other))


def test_the_submissions_files_are_a_copy_and_the_data_is_shown(run, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.txt").write_text("mine")
    (tmp_path / "link").symlink_to("/etc/hostname")
    data = tmp_path / "data"
    data.mkdir()
    (data / "set.npz").write_bytes(b"images")
    ran = run(
        """
        import json, os
        from pathlib import Path
        text = Path("images/a.txt").read_text()
        Path("images/a.txt").write_text("changed")
        data = Path(os.environ["DATA"])
        print(json.dumps([text, os.path.lexists("link"), (data / "set.npz").read_text()]))
        """,
        folder=tmp_path, data=str(data),
    )  # fmt: skip
    assert ran.last == ["mine", False, "images"]
    assert (tmp_path / "images" / "a.txt").read_text() == "mine"


def test_a_device_is_there_only_when_asked_for(run):
    """Any device would do; this one every Linux has, and no kernel gets unasked."""
    code = """
        import json, os
        found = []
        try:
            os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
        except OSError as error:
            found.append(error.strerror)
        print(json.dumps([*found, sorted(n for n in os.listdir("/dev") if "tty" in n or "nvidia" in n)]))
        """
    assert run(code).last == ["No such file or directory", []]
    # There, and a device: it answers that this process has no terminal.
    assert run(code, devices=["/dev/tty"]).last == ["No such device or address", ["tty"]]


def test_a_device_that_is_missing_is_an_error_of_the_start(run):
    with pytest.raises(RuntimeError, match="/dev/nvidia99"):
        run("1", devices=["/dev/nvidia99"])


def test_without_a_folder_nothing_is_copied(run):
    assert run("import json, os\nprint(json.dumps(os.listdir()))").last == []


def test_an_interrupt_reaches_the_cell_and_the_kernel_goes_on(sealed):
    manager, client = start_new_kernel(kernel_name=SEALED.kernel_name)
    try:
        request = client.execute("print('running')\nwhile True: pass")
        while client.get_iopub_msg(timeout=30)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=30)
        assert reply["parent_header"]["msg_id"] == request
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        # What comes at once after an error may be dropped, as in any kernel: sooner or later not.
        answers = (client.execute_interactive("1", timeout=30) for _ in range(1000))
        assert any(answer["content"]["status"] == "ok" for answer in answers)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def test_a_kernel_can_be_restarted(sealed):
    manager, client = start_new_kernel(kernel_name=SEALED.kernel_name)
    client.stop_channels()
    manager.restart_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=30)
    assert client.execute_interactive("1", timeout=30)["content"]["status"] == "ok"
    client.stop_channels()
    manager.shutdown_kernel()


def test_the_exit_status_is_told(run):
    assert run("import os\nos._exit(3)").ending.code == 3
    killed = run("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)").ending
    assert killed.code == -signal.SIGTERM
    assert str(killed) == "the kernel was ended by signal 15"


def test_an_abort_is_told(run):
    assert run("import os\nos.abort()").ending.code == -signal.SIGABRT


def test_a_limit_that_is_none_is_refused(run):
    with pytest.raises(ValueError, match="expected limits named"):
        run("1", limits={"memory": 5})


def test_files_that_do_not_fit_are_an_error_of_the_start(run, tmp_path):
    (tmp_path / "large").write_bytes(bytes(2_000_000))
    with pytest.raises(RuntimeError, match="No space left"):
        run("1", folder=tmp_path, limits={"disk_bytes": 1_000_000})

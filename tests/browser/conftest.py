"""One JupyterLab server and one browser for all tests of this folder."""

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

from browser.notebook_page import NotebookPage

SETTINGS = {
    # Every cell is in the page, also those that nobody has scrolled to.
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    """Debian's chromium, without a window."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and chromedriver):
        pytest.skip("chromium and chromedriver are not on the PATH")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,1100",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, Service(chromedriver))
    yield driver
    driver.quit()


class Lab:
    """A running JupyterLab: its folder, its address, and what a test does with it."""

    def __init__(self, folder, url, driver):
        self.folder, self.url, self.driver = folder, url, driver

    @contextmanager
    def open(self, path):
        """Open a notebook of the folder in the browser; its kernel ends with the block."""
        try:
            yield NotebookPage(self.driver, f"{self.url}/lab/tree/{path}?reset")
        finally:
            self.driver.get("about:blank")
            for kernel in json.load(urllib.request.urlopen(f"{self.url}/api/kernels")):
                address = f"{self.url}/api/kernels/{kernel['id']}"
                urllib.request.urlopen(urllib.request.Request(address, method="DELETE")).close()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def serve(home, folder):
    """JupyterLab on `folder`, with settings of its own in `home`; yields its address."""
    port = _free_port()
    for plugin, settings in SETTINGS.items():
        path = home / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))
    environment = os.environ | {
        "MLP_COURSE_DATASET": "synthetic",
        "OMP_NUM_THREADS": "1",
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    # Set for the tests themselves; a student's kernel chooses its own.
    environment.pop("MPLBACKEND", None)
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.terminals_enabled": False,
        "ServerApp.disable_check_xsrf": True,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
    }
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"

    def answers(process):
        assert process.poll() is None, f"the server has ended:\n{log.read_text()}"
        return urllib.request.urlopen(f"{url}/api").status == 200

    try:
        WebDriverWait(server, 60, ignored_exceptions=(OSError,)).until(answers)
        yield url
    finally:
        server.terminate()  # it ends its kernels first
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="session")
def lab(driver, tmp_path_factory):
    """JupyterLab in an empty folder, with the synthetic images."""
    home = tmp_path_factory.mktemp("jupyter")
    folder = home / "notebooks"
    folder.mkdir()
    with serve(home, folder) as url:
        yield Lab(folder, url, driver)


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """Where the tests leave pictures for people to look at."""
    return tmp_path_factory.mktemp("screenshots")

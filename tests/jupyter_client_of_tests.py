"""Talk to JupyterLab's own server, as the browser does: REST, and the kernel over a websocket."""

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

from websocket import WebSocket, create_connection

SECONDS = 120
OPENS = (
    "import sys; from pathlib import Path; from msanalysis.lab import open_lab; "
    "open_lab(sys.argv[2:], project=Path(sys.argv[1]))"
)


@dataclass(frozen=True)
class Server:
    """A server at work on the notebooks of a project."""

    url: str
    token: str

    def ask(self, address: str, **sent: object) -> dict:
        """Return what the server answers to a GET, or to a POST of what is sent."""
        return json.loads(self._opened(address, json.dumps(sent).encode() if sent else None))

    def save(self, path: str, content: dict) -> None:
        """Save a notebook as JupyterLab does."""
        model = {"type": "notebook", "format": "json", "content": content}
        self._opened(f"api/contents/{path}", json.dumps(model).encode(), "PUT")

    def page(self, address: str) -> str:
        """Return a page as the browser gets it."""
        return self._opened(address).decode()

    def _opened(self, address: str, body: bytes | None = None, method: str | None = None) -> bytes:
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        asked = Request(self.url + address, body, headers, method=method)
        with urlopen(asked, timeout=SECONDS) as answer:
            return answer.read()

    @contextmanager
    def kernel(self, notebook: str) -> Iterator["Kernel"]:
        """Yield the kernel of a notebook's session, opened as JupyterLab opens one."""
        session = self.ask(
            "api/sessions", path=notebook, name=notebook, type="notebook", kernel={"name": ""}
        )
        id = session["kernel"]["id"]
        url = self.url.replace("http", "ws", 1) + f"api/kernels/{id}/channels?token={self.token}"
        socket = create_connection(url, timeout=SECONDS)
        try:
            yield Kernel(socket)
        finally:
            socket.close()
            headers = {"Authorization": f"token {self.token}"}
            ended = Request(
                f"{self.url}api/sessions/{session['id']}", None, headers, method="DELETE"
            )
            urlopen(ended, timeout=SECONDS).close()


@dataclass
class Answer:
    """What came of one cell: its outputs, and the kernel's reply."""

    outputs: list[dict] = field(default_factory=list)
    reply: dict = field(default_factory=dict)

    @property
    def error(self) -> dict:
        """The error as it is shown in the notebook; empty where there is none."""
        return next((each for each in self.outputs if each["output_type"] == "error"), {})


@dataclass(frozen=True)
class Kernel:
    """A kernel behind a websocket."""

    socket: WebSocket

    def run(self, code: str, **expressions: str) -> Answer:
        """Execute a cell, and then evaluate expressions."""
        id = uuid.uuid4().hex
        content = {"code": code, "store_history": True, "user_expressions": expressions}
        header = {"msg_id": id, "msg_type": "execute_request", "username": "", "session": id}
        message = {"header": header | {"version": "5.3", "date": ""}, "content": content}
        message |= {"parent_header": {}, "metadata": {}, "channel": "shell", "buffers": []}
        self.socket.send(json.dumps(message))
        return self._answer(id)

    def _answer(self, id: str) -> Answer:
        answer, idle = Answer(), False
        while not (idle and answer.reply):
            message = json.loads(self.socket.recv())
            if message["parent_header"].get("msg_id") != id:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_reply":
                answer.reply = content
            elif kind == "status":
                idle = content["execution_state"] == "idle"
            elif kind in ("stream", "display_data", "execute_result", "error"):
                answer.outputs.append({"output_type": kind, **content})
        return answer


@contextmanager
def opened_lab(project: Path, home: Path) -> Iterator[Server]:
    """Yield the server that `open_lab` starts, on a free port of this machine alone."""
    folders = {"JUPYTER_RUNTIME_DIR": home / "run", "JUPYTER_CONFIG_DIR": home / "config"}
    folders |= {"JUPYTER_DATA_DIR": home / "data", "IPYTHONDIR": home / "ipython"}
    environment = os.environ | {name: str(folder) for name, folder in folders.items()}
    token = uuid.uuid4().hex
    flags = ["--no-browser", "--allow-root", "--port=0", f"--IdentityProvider.token={token}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", OPENS, str(project), *flags],
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield Server(_address(home / "run", process), token)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _address(folder: Path, process: subprocess.Popen) -> str:
    ends = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < ends:
        for found in folder.glob("jpserver-*.json"):
            try:
                return json.loads(found.read_text())["url"]
            except (ValueError, KeyError):
                continue
        time.sleep(0.1)
    raise AssertionError(f"no server came up; see {folder.parent / 'log'}")

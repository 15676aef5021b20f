"""The queue as a page on this computer; whoever does not know its address cannot read it."""

import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from autograder.course import Course
from autograder.serving import state

PAGE = Path(__file__).with_name("queue.html")


def serve(course: Course) -> str:
    """Serve the page in a thread until this process ends; return its address."""
    token = secrets.token_urlsafe(18)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = self.path.partition("?")[0].strip("/").split("/")
            known = secrets.compare_digest(parts[0].encode(), token.encode())
            content = _content(course, parts[1:]) if known else None
            if content is None:
                self.send_error(404)
                return
            kind, data = content
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True, name="queue page").start()
    return f"http://127.0.0.1:{server.server_port}/{token}/"


def _content(course: Course, path: list[str]) -> tuple[str, bytes] | None:
    if path == [] or path == [""]:
        return "text/html", PAGE.read_bytes()
    if path == ["queue.json"] and state.path(course).is_file():
        return "application/json", state.path(course).read_bytes()
    return None

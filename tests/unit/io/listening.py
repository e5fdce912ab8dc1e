"""A server on this machine that writes down who asks it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Listener:
    """Requests that came, by their first lines, and the address to ask."""

    port: int = 0
    asked: list[str] = field(default_factory=list)

    def address(self, name: str) -> str:
        """An address below the server; each asks for a name of its own."""
        return f"http://127.0.0.1:{self.port}/{name}"


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen while the block runs."""
    listener = Listener()

    class Handler(socketserver.StreamRequestHandler):
        timeout = 5

        def handle(self) -> None:
            line = self.rfile.readline(2000).decode("latin-1").strip()
            listener.asked.append(line or "a connection without a word")
            self.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        listener.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield listener
        server.shutdown()
        thread.join()

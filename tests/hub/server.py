"""The HTTP side, and the process: `python -m hub.server ROOT PORT OPTIONS` (options in JSON).

It prints its port when it is ready and ends when its standard input does, so that it never
outlives the test that started it.
"""

import contextlib
import json
import os
import socket
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

from hub.calls import Answer, Body, Call, Gone, Refusal, answer
from hub.control import PREFIX, control
from hub.faults import Fault
from hub.routes import route
from hub.state import Options, State

_PIECE = 1 << 20


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    state: State

    def handle_error(self, request, client_address) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # clients may die in mid-sentence
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "hub-stand-in"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement
    wbufsize = _PIECE

    def _do(self) -> None:
        state: State = self.server.state
        path, _, query = self.path.partition("?")
        call = Call(
            self.command,
            path,
            dict(parse_qsl(query, keep_blank_values=True)),
            self.headers,
            self._body(),
            f"http://127.0.0.1:{self.server.server_port}",
            self.headers.get("Authorization", "").removeprefix("Bearer ").strip() or None,
        )
        if path.startswith(PREFIX):
            return self._send(self._tried(lambda: control(state, call)))
        if not path.startswith("/"):  # this process is the proxy of its clients
            state.journal.outside(self.path)
            self.close_connection = True
            return self._send(answer({"error": "nothing outside can be reached"}, 404))
        return self._logged(state, call)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_CONNECT = _do

    def _logged(self, state: State, call: Call) -> None:
        to = route(call.method, call.path)
        request = state.journal.begin(to.kind, call.method, self.path, to.repo)
        fault = state.faults.of(to.kind)
        request.fault = fault and fault.how
        time.sleep(fault.seconds if fault else 0)
        if request.fault == "drop_before":
            return self._drop()
        try:
            if request.fault == "status":
                said = _fault_answer(fault)
            else:
                said = self._tried(lambda: to.handler(state, call, to.parts))
            for _ in call.body.pieces():  # the next request begins after it
                pass
        except Gone:
            return self._drop()
        finally:
            request.bytes_in, request.new_content = call.body.received, call.new_content
        if request.fault == "drop_after":
            return self._drop()
        request.status = said.status  # noted before the client can know it
        return self._send(said)

    def _tried(self, handler) -> Answer:
        try:
            return handler()
        except Refusal as refusal:
            return refusal.answer()
        except Gone:
            raise
        except Exception:
            traceback.print_exc()
            return answer({"error": traceback.format_exc()}, 500)

    def _body(self) -> Body:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return Body(self.rfile, None)
        return Body(self.rfile, int(self.headers.get("Content-Length", 0)))

    def _send(self, said: Answer) -> None:
        self.send_response(said.status)
        length = said.length if said.file else len(said.body)
        for name, value in (said.headers | {"Content-Length": str(length)}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(said.body)
        if said.file:
            with said.file.open("rb") as content:
                content.seek(said.first)
                while length and (piece := content.read(min(length, _PIECE))):
                    self.wfile.write(piece)
                    length -= len(piece)

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *args) -> None:
        pass


def _fault_answer(fault: Fault) -> Answer:
    kind = "application/json" if fault.body[:1] in ("{", "[") else "text/html"
    headers = {"Content-Type": f"{kind}; charset=utf-8"} | fault.headers
    return Answer(fault.status, headers, fault.body.encode())


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def main(root: str, port: str, options: str) -> None:
    """Serve until killed, or until standard input ends."""
    with _Server(("127.0.0.1", int(port)), _Handler) as server:
        server.state = State(Path(root), Options(**json.loads(options)))
        threading.Thread(target=_end_with_parent, daemon=True).start()
        print(server.server_port, flush=True)
        server.serve_forever(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])

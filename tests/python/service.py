"""A service to be asked: in this process, or in processes of its own on 127.0.0.1."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from penchant import AlternatingLeastSquares, Interactions, Recommender
from penchant.datasets import made_plays

TABLE = {"item": "artist", "weight": "plays"}


def plays(users=300, artists=120):
    made = made_plays()
    entries = made.matrix[:users, :artists].tocoo()
    return {"user": made.users[entries.row], "artist": made.artists[entries.col], "plays": entries.data}


def fitted(events=None, factors=8, seed=0, **reading):
    data = Interactions.from_frame(plays() if events is None else events, **(reading or TABLE))
    model = AlternatingLeastSquares(factors=factors, iterations=3, random_state=seed)
    return Recommender(model).fit(data, show_progress=False)


def answer_of(request, timeout=20):
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Processes:
    """``penchant serve`` as users start it; ended by its own process id."""

    def __init__(self, model, *options, ending=signal.SIGINT, **environment):
        self.ending = ending
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "penchant", "serve", str(model), "--port", str(self.port), *options]
        # Not a pipe, which would be full after a while.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed on leaving
        self.process = subprocess.Popen(
            command, stderr=self._log, start_new_session=True, env=os.environ | environment
        )

    def __enter__(self):
        for _ in range(300):
            with contextlib.suppress(OSError):
                if self.get("/health")[0] == 200:
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__()
        raise AssertionError(f"the service does not start: {self.log}")

    def __exit__(self, *_):
        self.process.send_signal(self.ending)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        finally:
            with self._log:
                self._log.seek(0)
                self.log = self._log.read()

    def request(self, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers} if data else headers
        return urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)

    def get(self, path, **headers):
        status, content = answer_of(self.request(path, **headers))
        return status, json.loads(content)

    def post(self, path, body):
        status, content = answer_of(self.request(path, body))
        return status, json.loads(content)

    def workers(self):
        """The process ids of those who answer."""
        found = subprocess.run(
            ["ps", "ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(line.split()[0]) for line in found.stdout.splitlines() if "spawn_main" in line]

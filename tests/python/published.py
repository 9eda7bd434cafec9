"""A server of small files in the forms of the published ones, which it may fail to send."""

import _thread
import io
import tarfile
import time
import zipfile
from http.server import BaseHTTPRequestHandler

import numpy as np
import scipy.sparse as sp

# What a server may answer besides bytes: a status, or one of these and the bytes.
CUT, CUT_CHUNKS, INTERRUPT = "cut", "cut in chunks", "interrupt"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        answers = self.server.answers.get(self.path.partition("?")[0], [404])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self.close_connection = True
        if isinstance(answer, int):
            self.send_error(answer)
            return
        how, content = ("", answer) if isinstance(answer, bytes) else answer
        half = len(content) // 2
        self.send_response(200)
        if how == CUT_CHUNKS:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n" % (half, content[:half]))
            return
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:half])
        if how == INTERRUPT:
            time.sleep(0.3)  # by then the client waits for more
            _thread.interrupt_main()
        if how != CUT:
            self.wfile.write(content[half:])

    def log_message(self, *_):
        pass


# MovieLens in its four forms, made up. Movie 4 does not exist, and nobody rated movie 5.

TITLES = {
    1: "Le Dîner, with Commas (1998)",
    2: 'Say "Aloha" (2001)',
    3: "Plain (1999)",
    5: "Unseen, The (1950)",
}
RATINGS = [(1, 1, 5.0, 881250949), (1, 3, 2.0, 881250950), (2, 1, 3.0, 881250951), (6, 2, 1.0, 881250952)]


def movielens_files(variant, ratings=RATINGS):
    if variant == "100k":
        data = "".join(f"{user}\t{movie}\t{rating:.0f}\t{time}\n" for user, movie, rating, time in ratings)
        flags = "|0" * 19
        item = "".join(f"{movie}|{title}|01-Jan-1995||http://x{flags}\n" for movie, title in TITLES.items())
        return {"ml-100k/u.data": data.encode(), "ml-100k/u.item": item.encode("latin-1")}
    if variant in ("1m", "10m"):
        number = ".0f" if variant == "1m" else "g"
        data = "".join(
            f"{user}::{movie}::{rating:{number}}::{time}\n" for user, movie, rating, time in ratings
        )
        titles = "".join(f"{movie}::{title}::Comedy|Drama\n" for movie, title in TITLES.items())
        folder, encoding = ("ml-1m", "latin-1") if variant == "1m" else ("ml-10M100K", "utf-8")
        return {f"{folder}/ratings.dat": data.encode(), f"{folder}/movies.dat": titles.encode(encoding)}
    data = "userId,movieId,rating,timestamp\r\n" + "".join(f"{u},{m},{r},{t}\r\n" for u, m, r, t in ratings)
    quoted = {movie: title.replace('"', '""') for movie, title in TITLES.items()}
    titles = "".join(f'{movie},"{title}",Comedy|Drama\r\n' for movie, title in quoted.items())
    titles = "movieId,title,genres\r\n" + titles
    return {f"ml-{variant}/ratings.csv": data.encode(), f"ml-{variant}/movies.csv": titles.encode()}


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


def tarred(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return content.getvalue()


def unpacked(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.rpartition("/")[2]).write_bytes(text)
    return folder


def assert_movielens(got, ratings=RATINGS):
    titles, matrix = got
    assert titles.dtype == object
    assert titles.tolist() == ["", TITLES[1], TITLES[2], TITLES[3], "", TITLES[5]]
    assert type(matrix) is sp.csr_matrix
    assert matrix.dtype == np.float32
    expected = np.zeros((6, 7), np.float32)
    for user, movie, rating, _ in ratings:
        expected[movie, user] = rating
    np.testing.assert_array_equal(matrix.toarray(), expected)


def left(cache):
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []

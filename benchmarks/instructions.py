"""How many instructions does one save take, beside the floor? Counted by callgrind.

`python -m benchmarks.instructions [--kind sqlite|postgresql]` starts itself twice under valgrind
(apt install valgrind): instructions of user space in the application's process, the database
apart, a mean over `SAVES` requests after as many that warm up. The figure hardly depends on what
else the machine does.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import world
from tests.services import Folder, Services

ROOT = Path(__file__).resolve().parents[1]
SAVES = 40
WARM = 30
SUMMARY = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def count(target: str, env: dict[str, str]) -> float:
    """Instructions of one save of `target`, `save` or `floor`."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind"
        command = [
            "valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}",
            sys.executable, "-m", "benchmarks.instructions", "--inside", target,
        ]  # fmt: skip
        # The same order of sets and dicts in every run.
        environ = {**os.environ, **env, "PYTHONHASHSEED": "0"}
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"valgrind: {done.stdout}\n{done.stderr[-4000:]}")
        total = max(
            int(n)
            for path in Path(folder).iterdir()
            for n in SUMMARY.findall(path.read_text(errors="replace"))
        )
    return total / SAVES


def instrument(on: bool) -> None:
    """Begin or end to count, in this process."""
    said = ["callgrind_control", "-i", "on" if on else "off", str(os.getpid())]
    subprocess.run(said, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def inside(target: str) -> None:
    """Send saves straight into the application, and count those after the warm-up."""
    send = _floor() if target == "floor" else _save()
    for number in range(1, WARM + 1):
        send(number)
    instrument(True)
    for number in range(WARM + 1, WARM + SAVES + 1):
        send(number)
    instrument(False)


def _save() -> Callable[[int], None]:
    from assess.app import wsgi

    app = wsgi()
    client = app.test_client()
    pattern = re.compile(r'name="csrf_token" value="([^"]+)"')

    def token(page: str) -> str:
        found = pattern.search(page)
        return found.group(1) if found else ""

    csrf = token(client.get("/login").text)
    said = {"csrf_token": csrf, "username": "candidate0", "password": world.PASSWORD}
    client.post("/login", data=said)
    test = int(os.environ["BENCH_TEST"])
    csrf = token(client.get(f"/tests/{test}/start").text)
    started = client.post(f"/tests/{test}/attempts", data={"csrf_token": csrf, "affirmed": "yes"})
    attempt = int(re.findall(r"/attempts/(\d+)", started.location)[0])
    form = json.loads(client.get(f"/api/attempts/{attempt}/form").text)
    cookie = client.get_cookie("assess")
    assert cookie is not None  # noqa: S101
    headers = {"HTTP_COOKIE": f"assess={cookie.value}", "HTTP_X_CSRFTOKEN": csrf}

    def send(number: int) -> None:
        body = {
            "token": form["token"], "writer": 1, "place": number % form["length"] + 1,
            "sequence": number, "answer": [number % 4],
        }  # fmt: skip
        _call(app, f"/api/attempts/{attempt}/answers", body, headers)

    return send


def _floor() -> Callable[[int], None]:
    from benchmarks.floor import wsgi

    app = wsgi()
    client = app.test_client()
    client.post("/enter", json={"sitting": 1})
    cookie = client.get_cookie("session")
    assert cookie is not None  # noqa: S101

    def send(number: int) -> None:
        body = {"place": number % 20 + 1, "sequence": number, "answer": [number % 4]}
        _call(app, "/save", body, {"HTTP_COOKIE": f"session={cookie.value}"})

    return send


def _call(app: Any, path: str, body: dict[str, Any], headers: dict[str, str]) -> None:
    """One request as gunicorn hands it over."""
    data = json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1", "HTTP_ACCEPT": "application/json",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(data)),
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": True,
        "wsgi.run_once": False, **headers,
    }  # fmt: skip
    status: list[str] = []

    def start(line: str, _headers: Any, _error: Any = None) -> Callable[[bytes], object]:
        status.append(line)
        return status.append  # type: ignore[return-value]

    answer: Iterable[bytes] = app(environ, start)
    said = b"".join(answer)
    close = getattr(answer, "close", None)
    if close is not None:
        close()
    if not status[0].startswith("200"):
        raise SystemExit(f"{path}: {status[0]}: {said!r}")


def on(kind: str, services: Services, folder: Path) -> dict[str, float]:
    """Instructions of a save and of the floor, and how many times the floor a save is."""
    instance = Path(tempfile.mkdtemp(dir=folder))
    url = services.empty(kind, instance)
    test = world.build(url, instance, 1).test
    redis_url = services.redis() if kind == "postgresql" else None
    env = {
        "ASSESS_DATABASE_URL": url,
        "ASSESS_INSTANCE": str(instance),
        "BENCH_TEST": str(test),
        **({"ASSESS_REDIS_URL": redis_url} if redis_url else {}),
    }
    save, floor = count("save", env), count("floor", env)
    return {"save": save, "floor": floor, "ratio": save / floor}


def main() -> None:
    """Measure one kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inside", choices=("save", "floor"), help=argparse.SUPPRESS)
    parser.add_argument("--kind", choices=("sqlite", "postgresql"), default="postgresql")
    asked = parser.parse_args()
    if asked.inside:
        inside(asked.inside)
        return
    folder = Folder()
    try:
        print(json.dumps(on(asked.kind, Services(folder.path), folder.path), indent=2))
    finally:
        folder.close()


if __name__ == "__main__":
    main()

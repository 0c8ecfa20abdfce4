"""Do the servers of the tests come up once, and go with whoever started them?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

from tests.services import Services, wait_until

ROOT = Path(__file__).resolve().parents[2]

STARTER = """
import sys
from tests.services import Folder, Services
folder = Folder()
Services(folder.path).redis()
print(folder.path, flush=True)
sys.stdin.read()
"""


def test_redis_is_real_and_the_same_for_all_workers(redis_url: str, services: Services) -> None:
    assert redis_url.rpartition("/")[0] == services.redis().rpartition("/")[0]
    with redis.Redis.from_url(redis_url) as client:
        assert client.info()["redis_version"].split(".")[0] >= "6"


def test_each_postgresql_database_is_fresh(services: Services, tmp_path: Path) -> None:
    one, other = (services.empty("postgresql", tmp_path) for _ in range(2))
    with psycopg.connect(one.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE t (n int)")
    with psycopg.connect(other.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT to_regclass('t')").fetchone() == (None,)
    for url in (one, other):
        services.drop(url)


def test_servers_end_though_their_starter_is_killed() -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        assert starter.stdout is not None
        folder = Path(starter.stdout.readline().strip())
        server = int((folder / "redis.pid").read_text())
        os.kill(server, 0)  # it runs
        starter.send_signal(signal.SIGKILL)
    wait_until(lambda: not folder.exists(), f"{folder} is still there")
    assert not Path(f"/proc/{server}").exists()

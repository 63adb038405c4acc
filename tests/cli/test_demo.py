import json
import re
import subprocess
import time

import requests

from cli.serving import serving, wait_until

IN_A_MINUTE = 60


def told(server):
    assert wait_until(lambda: server.stdout.endswith("}\n") or server.process.poll() is not None, 120), server.stderr
    assert server.process.poll() is None, server.stderr
    return json.loads(server.stdout)


def headers_of(said):
    return {"X-Auth-Token": said["publicKey"], "X-Auth-Secret": said["privateKey"]}


def test_the_demo_stands_in_a_minute_and_stands_again_at_once(tmp_path):
    started = time.monotonic()
    with serving(tmp_path / "data", "demo") as server:
        first = told(server)
        server.wait_for_ping()
        assert time.monotonic() - started < IN_A_MINUTE
        assert first["annotations"] > 18_000
        listing = f"{server.address}/api/annotation.json?image={first['imageId']}&max=1"
        answer = requests.get(listing, headers=headers_of(first), timeout=30)
        assert int(answer.headers["X-Total-Count"]) == first["annotations"]
        for line in re.findall(r"^ +(curl .*)$", server.stderr, re.MULTILINE):
            done = subprocess.run(f"{line} -sS -f", shell=True, cwd=tmp_path, capture_output=True)
            assert done.returncode == 0, line
        assert (tmp_path / "window.jpg").read_bytes()[:2] == b"\xff\xd8"
        assert first["password"] in server.stderr
    with serving(tmp_path / "data", "demo") as server:
        again = told(server)
    differing = {name for name in first if first[name] != again[name]}
    assert differing == {"address", "password"}

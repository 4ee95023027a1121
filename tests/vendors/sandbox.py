"""The sandbox's own controls, and how a check fails: what the three scripts share.

Platforms are not spoken to in here: that is the part of the vendors' clients.
"""

import json
import time
from urllib.request import ProxyHandler, Request, build_opener

# Seconds that the sandbox may take to have something ready.
PATIENCE = 60

# The sandbox is on this machine: no proxy of the environment leads there.
_opener = build_opener(ProxyHandler({}))


class Sandbox:
    """A sandbox that is being served at `base`."""

    def __init__(self, base):
        self.base = base.rstrip("/")

    def root(self, prefix):
        """Where a platform's host is, without a slash at its end."""
        return f"{self.base}/{prefix}"

    def fault(self, platform, endpoint, after=0, **action):
        """Makes the next request to the endpoint fail, or the one after so many others."""
        self._ask(
            "POST",
            "faults",
            {"platform": platform, "endpoint": endpoint, "after": after, "action": action},
        )

    def requests(self, platform, endpoint=None):
        """What the platform was asked, oldest first."""
        rows = self._ask("GET", f"requests?platform={platform}")
        return [row for row in rows if endpoint in (None, row["endpoint"])]

    def posts(self, platform):
        """What has been posted, oldest first."""
        return self._ask("GET", f"posts?platform={platform}")

    def _ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = Request(f"{self.base}/_sandbox/{path}", data, headers, method=method)
        with _opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)


def same(what, got, wanted):
    """Fails unless both are equal."""
    assert got == wanted, f"{what}: got {got!r}, not {wanted!r}"


def holds(what, is_so, got):
    """Fails unless it is so, and shows what was there instead."""
    assert is_so, f"{what}: got {got!r}"


def raised(kind, call):
    """The exception of this kind that the call ends with; fails when it ends well."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {answer!r}")


def until(what, ask):
    """Asks until the answer is not empty, and returns it."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not after {PATIENCE} s: {what}"
        time.sleep(0.2)

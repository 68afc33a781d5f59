"""A real Chromium, driven by chromedriver over plain HTTP: opens a page, keeps its console and its network requests."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from needs import require

_SWITCHES = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic", "--hide-scrollbars"),
)
#: Only drawing a long page takes more than a moment.
_SECONDS = 120


@dataclass
class Browser:
    """A session; `address` is that of the session in chromedriver."""

    address: str

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """One command of WebDriver."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.address}{path}", data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read())["value"]

    def open(self, page: Path) -> None:
        """Open a file."""
        self.call("/url", {"url": page.resolve().as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that a script returns; one that returns a promise is waited for."""
        wrapped = (
            "const done = arguments[arguments.length - 1]; const given = Array.from(arguments).slice(0, -1);"
            f"(async function () {{ {script} }}).apply(null, given).then(done, error => done('failed: ' + error));"
        )
        return self.call("/execute/async", {"script": wrapped, "args": list(arguments)})

    def console(self) -> list[str]:
        """What the console said, worse than information."""
        found = self.call("/se/log", {"type": "browser"})
        return [entry["message"] for entry in found if entry["level"] in ("WARNING", "SEVERE")]

    def requests(self) -> list[str]:
        """The addresses that were asked for, those inside the page itself left out."""
        found = []
        for entry in self.call("/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(str(message["params"]["request"]["url"]))
        return [url for url in found if not url.startswith(("data:", "chrome:", "about:"))]

    def picture(self, target: Path, width: int, dark: bool = False) -> None:
        """The whole page as a picture, in a window of this width."""
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._developer("Emulation.setEmulatedMedia", {"features": features})
        shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._developer("Emulation.setDeviceMetricsOverride", shape)
        made = self._developer("Page.captureScreenshot", {"captureBeyondViewport": True})
        target.write_bytes(base64.b64decode(made["data"]))

    def resize(self, width: int) -> None:
        """Lay the page out for a window of this width."""
        shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._developer("Emulation.setDeviceMetricsOverride", shape)

    def _developer(self, command: str, parameters: dict[str, Any]) -> Any:
        return self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser for one test; skips where Chromium or its driver is lacking."""
    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    require(chromium and driver, "Chromium and chromedriver are not installed (Debian: chromium chromium-driver)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([str(driver), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        server = Browser(f"http://127.0.0.1:{port}")
        _wait(server)
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": list(_SWITCHES)},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
            "timeouts": {"script": _SECONDS * 1000},
        }
        made = server.call("/session", {"capabilities": {"alwaysMatch": wanted}})
        session = Browser(f"{server.address}/session/{made['sessionId']}")
        yield session
        urllib.request.urlopen(urllib.request.Request(session.address, method="DELETE"), timeout=30).close()
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(server: Browser) -> None:
    for _ in range(100):
        try:
            if server.call("/status")["ready"]:
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError("chromedriver did not start")

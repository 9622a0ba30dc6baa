"""A headless Chromium driven through its debugging pipe: no driver, no package, nothing that asks a network.

Tests skip where no Chromium is installed (``apt-get install chromium``); ``CUTKIT_CHROMIUM`` names another one.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_S = 60.0


def find_chromium() -> str | None:
    """The program, or None."""
    given = os.environ.get("CUTKIT_CHROMIUM")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


class Page:
    """One page in a Chromium of its own; as a context. ``messages`` are console messages and errors, ``requests`` the
    addresses that the page asked for."""

    def __init__(self, program: str) -> None:
        self.messages: list[str] = []
        self.requests: list[str] = []
        self._home = tempfile.TemporaryDirectory(prefix="cutkit-chromium-", ignore_cleanup_errors=True)
        self._number = 0
        self._rest = b""
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--remote-debugging-pipe",
        ]
        command += ["--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={self._home.name}"]
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        shell = f"exec 3<&{to_child} 4>&{from_child}; " + 'exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *command],
            pass_fds=(to_child, from_child),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        self._session: str | None = None
        try:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except (OSError, RuntimeError, TimeoutError):
            self.close()
            raise

    def __enter__(self) -> Page:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser, and leave nothing of it behind."""
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)
        self._home.cleanup()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol and its result; RuntimeError where the browser says no."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": params}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._out, json.dumps(request).encode() + b"\0")
        return self._until(lambda m: m.get("id") == self._number)

    def _until(self, wanted: Any) -> dict[str, Any]:
        end = time.monotonic() + PATIENCE_S
        while True:
            message = self._message(end)
            self._note(message)
            if wanted(message):
                if "error" in message:
                    raise RuntimeError(message["error"])
                result: dict[str, Any] = message.get("result", {})
                return result

    def _message(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError("Chromium does not answer")
            part = os.read(self._in, 1 << 16)
            if not part:
                raise RuntimeError("Chromium has ended")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.messages.append(str([a.get("value") for a in params["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.messages.append(str(params["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.messages.append(str(params["entry"]))
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Open a file in a window of this size."""
        mobile = width < 640
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._number += 1
        request = {"id": self._number, "method": "Page.navigate", "params": {"url": path.resolve().as_uri()}}
        os.write(self._out, json.dumps(request | {"sessionId": self._session}).encode() + b"\0")
        self._until(lambda m: m.get("method") == "Page.loadEventFired")

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """A mouse event, ``mouseMoved``, ``mousePressed``, ``mouseReleased`` or ``mouseWheel``, where the user sees
        it."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """A press and release of the left button."""
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", buttons=1, clickCount=1)

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        """A picture of the page, or of the window alone, as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **self._clip(whole))
        path.write_bytes(base64.b64decode(data["data"]))

    def _clip(self, whole: bool) -> dict[str, Any]:
        if not whole:
            return {}
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}

    def printed(self) -> bytes:
        """The page as its print dialogue would have it, as PDF."""
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        return base64.b64decode(data["data"])

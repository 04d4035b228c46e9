"""A headless Chromium, driven over its DevTools pipe: no driver, no port, nothing but a browser."""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-default-apps", "--metrics-recording-only", "--remote-debugging-pipe", "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--force-color-profile=srgb",
)  # fmt: skip


def program() -> str | None:
    """Path of a Chromium of this machine."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Chromium:
    """A browser process. Every message it sends while somebody waits is kept in `events`."""

    def __init__(self, profile: Path) -> None:
        read, to_browser = os.pipe()
        from_browser, write = os.pipe()
        line = 'r=$1; w=$2; shift 2; exec "$@" 3<&"$r" 4>&"$w"'.replace(
            '3<&"$r" 4>&"$w"', f"3<&{read} 4>&{write}"
        )
        self.process = subprocess.Popen(
            ["bash", "-c", line, "-", str(read), str(write), str(program()), *FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(read, write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        os.close(read)
        os.close(write)
        self.to, self.out = to_browser, from_browser
        self.buffer = b""
        self.number = 0
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, **params: Any) -> Any:
        """The answer to a DevTools command."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        answer = self.until(lambda said: said.get("id") == message["id"])
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 30.0) -> dict[str, Any]:
        """The first message that is wanted; the others are kept."""
        end = time.monotonic() + seconds
        while True:
            while b"\0" in self.buffer:
                line, _, self.buffer = self.buffer.partition(b"\0")
                said = json.loads(line)
                if wanted(said):
                    return dict(said)
                self.events.append(said)
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.out], [], [], left)[0]:
                raise TimeoutError("the browser said nothing of it")
            self.buffer += os.read(self.out, 1 << 20)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.out)


class Tab:
    """One page, with everything it asked for and complained about."""

    def __init__(self, browser: Chromium, *, scripts: bool = True) -> None:
        self.browser = browser
        context = browser.send("Target.createBrowserContext")["browserContextId"]
        target = browser.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        self.session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            self.send(f"{domain}.enable")
        if not scripts:
            self.send("Emulation.setScriptExecutionDisabled", value=True)

    def send(self, method: str, **params: Any) -> Any:
        return self.browser.send(method, self.session, **params)

    def look(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """A window of this size, in light or dark."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Go there and wait until it is loaded."""
        self.send("Page.navigate", url=url)
        self.browser.until(
            lambda said: said.get("method") == "Page.loadEventFired" and said.get("sessionId") == self.session
        )

    def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def wait(self, expression: str, seconds: float = 15.0) -> Any:
        """The first true value of an expression."""
        end = time.monotonic() + seconds
        while not (found := self.run(expression)):
            assert time.monotonic() < end, f"never: {expression}"
            time.sleep(0.05)
        return found

    def press(self, key: str) -> None:
        """One key, as a person presses it."""
        names = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37}
        code = {"windowsVirtualKeyCode": names[key]} if key in names else {"text": key}
        if key == "Enter":
            code["text"] = "\r"
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, **code)
        self.send(
            "Input.dispatchKeyEvent", type="keyUp", key=key, **{k: v for k, v in code.items() if k != "text"}
        )

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A PNG of what is seen, or of the whole page."""
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def said(self, *methods: str) -> Iterator[dict[str, Any]]:
        """What it sent of these kinds so far."""
        self.send("Runtime.evaluate", expression="1")
        for event in self.browser.events:
            if event.get("sessionId") == self.session and event["method"] in methods:
                yield event["params"]

    def complaints(self) -> list[str]:
        """Errors of the console, exceptions, CSP reports, and requests to anywhere else."""
        found = [
            str(said["entry"])
            for said in self.said("Log.entryAdded")
            if said["entry"]["level"] in ("error", "warning")
        ]
        found += [str(said["exceptionDetails"]) for said in self.said("Runtime.exceptionThrown")]
        found += [
            str(said)
            for said in self.said("Runtime.consoleAPICalled")
            if said["type"] in ("error", "warning", "assert")
        ]
        found += [
            str(said["issue"])
            for said in self.said("Audits.issueAdded")
            if "ContentSecurityPolicy" in said["issue"]["code"]
        ]
        return found + [
            url for url in self.asked() if not url.startswith(("http://127.0.0.1:", "data:", "about:"))
        ]

    def asked(self) -> list[str]:
        """Every address it asked for."""
        return [said["request"]["url"] for said in self.said("Network.requestWillBeSent")]

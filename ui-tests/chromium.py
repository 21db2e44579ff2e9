"""Find a Chromium that starts, and get one where there is none.

``python ui-tests/chromium.py`` is what ``make test`` calls: Debian's package where we are root and apt is
there, Playwright's own download otherwise. It never fails for want of a browser: the UI tests then say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--force-device-scale-factor=1",
)


def candidates() -> list[str]:
    """Return the executables to try, the system's own first."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = [os.environ.get("CHROMIUM"), *(shutil.which(name) for name in names)]
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    if Path(downloaded).exists():
        found.append(downloaded)
    return [path for path in found if path]


@cache
def find_chromium() -> str | None:
    """Return the first Chromium that really opens a page, or None."""
    for path in candidates():
        with sync_playwright() as playwright:
            try:
                browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), timeout=60_000)
                browser.new_page().close()
                browser.close()
            except Error as error:
                print(f"{path} does not start: {str(error).splitlines()[0]}", file=sys.stderr)
                continue
        return path
    return None


def install_chromium() -> None:
    """Install Debian's Chromium as root, else let Playwright download its own."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Debian's chromium", flush=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        command = [
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "chromium",
            "fonts-dejavu-core",
        ]
        if subprocess.run(command, check=False, env=quiet, stdout=subprocess.DEVNULL).returncode == 0:
            return
    print("Downloading Playwright's chromium", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Make sure of a browser; a machine that can't have one still runs every other test."""
    path = find_chromium()
    if path is None:
        install_chromium()
        find_chromium.cache_clear()
        path = find_chromium()
    if path is None:
        print("NO CHROMIUM STARTS HERE: the tests in ui-tests will be skipped.", file=sys.stderr)
        return 1 if os.environ.get("CI") == "true" else 0
    print(f"Using {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""All widgets under the strictest content security policy that JupyterLab itself can live with.

What JupyterLab needs is named beside each source of the policy; anywidget needs ``blob:`` for scripts, as it
imports a widget's own from there. Nothing may be asked of any other machine.
"""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import jupyterlab
import pytest
from playwright.sync_api import expect

import dj_objectstore as djo
from jupyter import running_jupyter
from notebook_page import PATIENCE, Browser, NotebookPage, part, write_notebook

STATIC = Path(djo.__file__).parent / "widgets" / "static"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-eval' blob:",  # JupyterLab compiles the schemas of its settings
    "style-src": "'self' 'unsafe-inline'",  # its editor and every widget's styles
    "img-src": "'self' data: blob:",  # its icons
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
LISTEN = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
    window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"""
CELLS = (
    """
import pathlib, numpy, zarr, PIL.Image
import dj_objectstore as djo
folder = pathlib.Path({folder!r})
pixels = numpy.arange(40 * 64 * 64, dtype="u2").reshape(40, 64, 64)
PIL.Image.fromarray((pixels[0] % 256).astype("u1")).save(folder / "picture.png")
(folder / "page.html").write_text("<script src='http://192.0.2.1/x.js'></script>")
zarr.save_array(folder / "cells.zarr", pixels)
settings = {{"protocol": "file", "location": str(folder)}}
store = djo.open_store("strict", config={{"stores": {{"strict": settings}}}})
""",
    "djo.scrub(pixels)",
    "djo.browse(store)",
    "djo.configure(folder=folder)",
)


def inline_scripts():
    """The sources for the scripts that JupyterLab's page holds itself."""
    page = (Path(jupyterlab.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = [
        sha256(script.encode()).digest() for script in re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    ]
    assert digests
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


@pytest.fixture(scope="module")
def address(demo, tmp_path_factory):
    """A JupyterLab that serves its pages with the policy."""
    home = tmp_path_factory.mktemp("jupyter-strict")
    policy = POLICY | {"script-src": " ".join([POLICY["script-src"], *inline_scripts()])}
    header = "; ".join(f"{name} {sources}" for name, sources in policy.items())
    settings = {"ServerApp": {"tornado_settings": {"headers": {"Content-Security-Policy": header}}}}
    (home / "config").mkdir()
    (home / "config" / "jupyter_server_config.json").write_text(json.dumps(settings))
    with running_jupyter(demo.folder.path, home) as url:
        yield url


@pytest.fixture
def asked():
    """Addresses of everything that the page asked for."""
    return set()


@pytest.fixture
def notebook(chromium, address, demo, asked, tmp_path):
    write_notebook(
        demo.folder.path / "strict.ipynb",
        *(cell.format(folder=str(tmp_path)) for cell in CELLS[:1]),
        *CELLS[1:],
    )
    context = chromium.new_context(viewport={"width": 1280, "height": 1400})
    context.on("request", lambda request: asked.add(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: asked.add(socket.url))
    page.set_default_timeout(PATIENCE)
    page.add_init_script(LISTEN)
    notebook = NotebookPage(page, address)
    notebook.open("strict.ipynb")
    notebook.run_all()
    yield notebook
    context.close()


def violations(notebook):
    return notebook.page.evaluate("() => window.violations")


def hosts(addresses):
    """Who was asked, without what the page had made itself."""
    return {urlsplit(url).netloc for url in addresses if not url.startswith(("blob:", "data:"))}


def use_scrubber(notebook):
    scrubber = notebook.scrubber
    scrubber.wait()
    scrubber.click_slider(0.5)
    expect(scrubber.root).not_to_have_attribute("data-frame", "0", timeout=PATIENCE)
    scrubber.part("export").click()
    with notebook.page.expect_download() as download:
        scrubber.part("save-png").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def use_browser(notebook):
    browser = Browser(notebook.page.locator(".djo-browser").first)
    browser.root.wait_for(state="visible", timeout=PATIENCE)
    browser.root.scroll_into_view_if_needed()
    for name, kind in (("picture.png", "image"), ("cells.zarr", "array")):
        picture = browser.choose(name, shows=kind).locator("img, canvas").first
        expect(picture).to_be_visible(timeout=PATIENCE)
        assert picture.evaluate(
            "(node) => (node.decode?.() ?? Promise.resolve()).then(() => node.naturalWidth ?? node.width)"
        )
    browser.choose("page.html", shows="text")


def use_wizard(notebook):
    wizard = notebook.page.locator(".djo-wizard").first
    wizard.scroll_into_view_if_needed()
    part(wizard, "kind-folder").click()
    expect(part(wizard, "way-place")).to_have_attribute("aria-current", "step", timeout=PATIENCE)


def test_all_widgets_work_under_a_strict_policy_and_ask_nobody_else(notebook, address, asked):
    use_scrubber(notebook)
    use_browser(notebook)
    use_wizard(notebook)
    assert violations(notebook) == []
    assert hosts(asked) == {urlsplit(address).netloc}
    stranger = "http://192.0.2.1/"  # nobody has this address
    notebook.page.evaluate("(url) => fetch(url).catch(() => null)", stranger)
    assert [text.split()[:2] for text in violations(notebook)] == [["connect-src", stranger]]


def test_the_readme_names_this_policy():
    readme = " ".join((Path(djo.__file__).parents[1] / "README.md").read_text(encoding="utf-8").split())
    assert "; ".join(f"{name} {sources}" for name, sources in list(POLICY.items())[:6]) in readme


@pytest.mark.parametrize("bundle", ["scrubber", "browser", "wizard"])
def test_no_widget_compiles_text_which_a_policy_without_eval_would_refuse(bundle):
    script = (STATIC / f"{bundle}.js").read_text(encoding="utf-8")
    assert re.findall(r"\beval\(|\bnew Function\b|\bFunction\(|innerHTML|document\.write", script) == []

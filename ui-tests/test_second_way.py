from __future__ import annotations

import re

import pytest

from barcode import MAKE
from bars_notebook import WITHOUT_PROXY, go, number
from notebook_page import PATIENCE, NotebookPage, Scrubber, write_notebook

SHOW = "djo.scrub(bars(300), frame_rate=20, contrast=[100, 1100])"
PROXIED = re.compile(r"/proxy/(\d+)/$")


class Passed:
    """The requests of a page that the server's proxy has answered, until it is shut."""

    def __init__(self, page):
        self._page = page
        self.methods = []
        page.on("response", self._note)

    def _note(self, response):
        if PROXIED.search(response.url):
            assert response.status == 200
            self.methods.append(response.request.method)

    def shut(self):
        self._page.remove_listener("response", self._note)
        self._page.route(PROXIED, lambda route: route.fulfill(status=500))


@pytest.mark.one_theme
def test_single_frames_come_by_http_where_the_server_passes_requests_on(page, jupyter, demo):
    passed = Passed(page)
    page.set_default_timeout(PATIENCE)
    write_notebook(demo.folder.path / "second.ipynb", MAKE, SHOW)
    notebook = NotebookPage(page, jupyter)
    notebook.open("second.ipynb")
    notebook.run_all()
    scrubber = Scrubber(page.locator(".djo-scrubber"))
    scrubber.wait()
    wishes = iter(range(299, 0, -13))
    while "POST" not in passed.methods:
        go(scrubber, next(wishes))
    assert passed.methods[0] == "GET"
    for index in (7, 150):
        before = len(passed.methods)
        go(scrubber, index)
        assert number(scrubber) == index
        assert len(passed.methods) > before

    passed.shut()
    for index in (40, 80, 120):
        go(scrubber, index)
        assert number(scrubber) == index
    assert scrubber.root.locator('[role="alert"]:visible').count() == 0


@pytest.mark.one_theme
def test_nothing_is_asked_by_http_where_it_does_not(page, jupyter, demo):
    passed = Passed(page)
    page.set_default_timeout(PATIENCE)
    write_notebook(demo.folder.path / "only.ipynb", MAKE, SHOW)
    notebook = NotebookPage(page, jupyter)
    notebook.open("only.ipynb")
    page.evaluate(WITHOUT_PROXY)
    notebook.run_all()
    scrubber = Scrubber(page.locator(".djo-scrubber"))
    scrubber.wait()
    for index in (40, 80, 120):
        go(scrubber, index)
    assert passed.methods == []

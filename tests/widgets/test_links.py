"""The links from DataJoint's preview of a table to the browser of its objects."""

from __future__ import annotations

import html
import json
import re
import uuid
from html.parser import HTMLParser

import datajoint as dj
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import Widget

import dj_objectstore as djo
from dj_objectstore.widgets.links import COMMAND, LINKS, Links, Target, link_objects, show

DEFINITION = """
subject : varchar(64)
day : date
---
note = "" : varchar(255)
files = null : <object@main>
paper = null : <file@main>
inside = null : <blob>
"""


@pytest.fixture(autouse=True)
def _close_widgets():
    yield
    Widget.close_all()


@pytest.fixture
def scan(dj_schema, dj_store):
    del dj_store
    table = dj_schema(type("Scan", (dj.Manual,), {"definition": DEFINITION}))
    table.insert1(
        {"subject": "A's <b>M1</b>", "day": "2026-01-05", "files": (".txt", b"quiet"), "inside": [1]}
    )
    table.insert1({"subject": "M2", "day": "2026-01-05", "files": (".txt", b"loud"), "paper": (".txt", b"x")})
    return table


class Anchors(HTMLParser):
    """The links of a page, each with its attributes and text."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self._open = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self._open = dict(attrs) | {"text": ""}

    def handle_data(self, data):
        if self._open is not None:
            self._open["text"] += data

    def handle_endtag(self, tag):
        if tag == "a":
            self.found.append(self._open)
            self._open = None


def links_of(query):
    return Anchors(link_objects(query() if isinstance(query, type) else query)).found


def handle_of(link):
    return json.loads(link["data-commandlinker-args"])["handle"]


def contents_of(browser):
    node = browser._contents.tree.find("")
    return node.place.store.get(node.place.key)


def test_each_object_of_the_preview_is_a_link_to_its_browser(scan):
    found = links_of(scan)
    assert [link["text"] for link in found] == ["<object>", "<file>", "<object>", "<file>"]
    assert {link["data-commandlinker-command"] for link in found} == {COMMAND}
    assert all(re.fullmatch("[0-9a-f]{32}", handle_of(link)) for link in found)
    assert [contents_of(show(handle_of(found[place]))) for place in (0, 2, 3)] == [b"quiet", b"loud", b"x"]


def test_what_datajoint_shows_is_otherwise_as_it_was(scan):
    assert re.sub(r"<a href=[^>]*>|</a>", "", link_objects(scan())) == scan()._repr_html_()
    assert link_objects(scan.proj("note")) == scan.proj("note")._repr_html_()


def test_the_tip_of_a_link_is_a_line_that_runs(scan):
    title = links_of(scan)[0]["title"]
    browser = eval(title, {"dj": dj, "djo": djo})
    assert contents_of(browser) == b"quiet"


def test_joins_and_projections_are_linked_too(scan):
    joined = scan.proj("files", who="subject") * scan.proj("note", who="subject")
    found = links_of(joined)
    assert [contents_of(show(handle_of(link))) for link in found] == [b"quiet", b"loud"]
    assert found[0]["title"] == "djo.browse() of this query"


def test_a_value_with_a_table_of_its_own_leaves_one_link_below(scan):
    scan.insert1({"subject": "M3", "day": "2026-01-05", "note": "</td><td>&lt;object&gt;</td><td>"})
    shown = link_objects(scan())
    assert shown.startswith(scan()._repr_html_())
    (link,) = Anchors(shown).found
    assert link["text"] == "Browse the rows with their objects"
    assert show(handle_of(link))._contents.about().kind == "rows"


def test_a_row_that_is_gone_or_has_no_object_says_so(scan):
    found = links_of(scan)
    with pytest.raises(djo.ObjectNotFoundError, match=r"no object: .*subject=A's <b>M1</b>.* paper"):
        show(handle_of(found[1]))
    (scan & "subject = 'M2'").delete_quick()
    with pytest.raises(djo.ObjectNotFoundError, match="the row is gone"):
        show(handle_of(found[2]))


def test_what_a_row_names_wrongly_is_told(scan):
    scan.connection.query(f"UPDATE {scan.full_table_name} SET files = '{{\"a\": 1}}'")
    with pytest.raises(djo.FormatError, match="must name its path"):
        show(handle_of(links_of(scan)[0]))
    scan.connection.query(f'UPDATE {scan.full_table_name} SET files = \'{{"path": "", "store": "main"}}\'')
    with pytest.raises(djo.FormatError, match="a whole store"):
        show(handle_of(links_of(scan)[0]))


def test_an_unknown_link_says_what_to_do():
    with pytest.raises(djo.ValueRefusedError, match="not known to the kernel") as caught:
        show("0" * 32)
    assert "again" in caught.value.hint


def test_the_oldest_links_are_forgotten():
    links = Links(limit=3)
    handles = [links.add(Target(None, {"n": str(n)}, "files")) for n in range(5)]
    assert len(set(handles)) == 5
    assert len(links) == 3
    assert [links.find(handle).key["n"] for handle in handles[2:]] == ["2", "3", "4"]
    with pytest.raises(djo.ValueRefusedError):
        links.find(handles[1])


def test_looking_at_an_object_does_not_meet_the_transaction_of_a_cell(scan):
    handle = handle_of(links_of(scan)[0])
    with scan.connection.transaction:
        scan.insert1({"subject": "new", "day": "2026-01-06"})
        assert contents_of(show(handle)) == b"quiet"
        assert scan.connection.in_transaction


# -- any text ----------------------------------------------------------------------------------------------


class _Field:
    def __init__(self, name):
        self.name, self.store, self.attribute_expression = name, None, None
        self.codec = None


class _Codec:
    name = "object"


class _Query:
    """What a preview is made of: rows of any texts, put together as DataJoint does."""

    primary_key = ("subject",)
    connection = None

    def __init__(self, rows):
        self.rows = rows
        attributes = {name: _Field(name) for name in ("subject", "note", "files")}
        attributes["files"].codec, attributes["files"].store = _Codec(), "main"
        self.heading = type("Heading", (), {"attributes": attributes, "names": list(attributes)})

    def _repr_html_(self):
        rows = ("\n".join(f"<td>{text}</td>" for text in (*row, "&lt;object&gt;")) for row in self.rows)
        return f"<table><tbody> <tr> {'</tr><tr>'.join(rows)} </tr> </tbody></table>"


texts = st.text(max_size=30) | st.lists(
    st.sampled_from(["<td>", "</td>", "<tbody>", "&lt;object&gt;", "</tr><tr>", "x", '"', "'", "\n"]),
    max_size=9,
).map("".join)


@given(st.lists(st.tuples(texts, texts), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_but_links_is_added_whatever_the_values_are(rows):
    query = _Query(rows)
    plain, shown = query._repr_html_(), link_objects(query)
    added = re.findall(r'<a href="#" data-commandlinker-command="[^"<>]*" [^<>]*>', shown)
    without = shown
    for link in added:
        without = without.replace(f"{link}", "", 1).replace("</a>", "", 1)
    assert without in (plain, f"{plain}<p>Browse the rows with their objects</p>")
    for link in added:
        arguments = json.loads(html.unescape(re.search(r'args="([^"]*)"', link)[1]))
        assert LINKS.find(arguments["handle"]).query is query
    if not any("<" in text for row in rows for text in row):
        assert len(added) == len(rows)
        keys = [LINKS.find(re.search("[0-9a-f]{32}", link)[0]).key for link in added]
        assert [key["subject"] for key in keys] == [subject for subject, _ in rows]


# -- IPython ------------------------------------------------------------------------------------------------


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    shell.display_formatter.active_types = shell.display_formatter.format_types
    yield shell
    djo.disable()
    InteractiveShell.clear_instance()


def test_ipython_shows_the_links_once_the_package_is_enabled_and_until_it_is_not(shell, scan):
    def shown():
        return shell.display_formatter.format(scan & "subject = 'M2'")[0]["text/html"]

    djo.disable()
    assert "<a " not in shown()
    djo.enable()
    assert len(Anchors(shown()).found) == 2
    djo.disable()
    assert "<a " not in shown()


# -- MariaDB ------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:MariaDB is not officially supported")
def test_a_row_with_a_uuid_is_linked_and_browsed_on_mariadb(mariadb_instance, dj_store):
    del dj_store
    djo.enable()
    mariadb_instance.config.stores = dict(dj.config.stores)
    schema = mariadb_instance.Schema(f"test_{uuid.uuid4().hex[:8]}")
    definition = "number : uuid\n---\nfiles : <object@main>"
    table = schema(type("Scan", (dj.Manual,), {"definition": definition}))
    table.insert1({"number": uuid.UUID(int=7), "files": (".txt", b"quiet")})
    (link,) = links_of(table)
    assert contents_of(show(handle_of(link))) == b"quiet"
    rows = djo.browse(table)._contents
    (row,) = rows.rows(0, 10).rows
    assert [(cell["kind"], cell["size"]) for cell in row["objects"]] == [("file", 5)]
    assert row["cells"] == ("00000000-0000-0000-0000-000000000007",)
    owner = rows.chosen([row["id"]]).references[0].owner
    assert owner.endswith("(number=00000000-0000-0000-0000-000000000007) files")
    rows.close()
    schema.drop(prompt=False)

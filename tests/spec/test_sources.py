"""From a configuration to stores, and which one a name means."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from dj_objectstore.exceptions import ConfigurationError, StoreNotConfiguredError
from dj_objectstore.spec.sources import load_stores, resolve_spec

MEMORY = {"protocol": "memory"}


def config(**stores):
    return {"stores": stores}


@pytest.mark.parametrize("name", [None, ""])
def test_no_name_means_the_default_store(name):
    assert resolve_spec(name, config(default="main", main=MEMORY, other=MEMORY)).name == "main"


@pytest.mark.parametrize("name", [None, "", "default"])
def test_a_store_named_default_is_the_default(name):
    assert resolve_spec(name, config(default=MEMORY)).name == "default"


def test_a_name_means_its_store():
    assert resolve_spec("other", config(default="main", main=MEMORY, other=MEMORY)).name == "other"


def test_the_default_for_filepaths_is_its_own_and_does_not_fall_back():
    assert (
        resolve_spec(None, config(default="a", filepath_default="b", a=MEMORY, b=MEMORY), filepath=True).name
        == "b"
    )
    with pytest.raises(StoreNotConfiguredError, match=r"stores.filepath_default is not set"):
        resolve_spec(None, config(default="a", a=MEMORY), filepath=True)


def test_a_store_that_is_not_there_is_named_with_those_that_are_and_a_remedy():
    with pytest.raises(StoreNotConfiguredError, match=r"'lost' is not configured.*'main', 'other'") as raised:
        resolve_spec("lost", config(main=MEMORY, other=MEMORY, default="main"))
    assert "dj.config['stores']['lost']" in raised.value.hint


@pytest.mark.parametrize("empty", [{}, {"stores": {}}])
def test_an_empty_configuration_says_that_there_is_no_store(empty):
    with pytest.raises(StoreNotConfiguredError, match="no store is configured"):
        resolve_spec(None, empty)
    assert load_stores(empty) == {}


def test_a_default_that_names_nothing_says_who_names_it():
    with pytest.raises(StoreNotConfiguredError, match="'gone', which stores names as the default"):
        resolve_spec(None, config(default="gone", main=MEMORY))


def test_a_default_of_another_type_is_refused():
    with pytest.raises(ConfigurationError, match=r"stores.default must be the name of a store, got int"):
        resolve_spec(None, config(default=5))


def test_settings_are_read_when_they_are_used():
    given = config(main=dict(MEMORY))
    assert resolve_spec("main", given).layout.token_length == 8
    given["stores"]["main"]["token_length"] = 12
    assert resolve_spec("main", given).layout.token_length == 12


def test_all_stores_are_loaded_and_all_their_problems_told():
    assert list(load_stores(config(default="a", a=MEMORY, b=MEMORY))) == ["a", "b"]
    with pytest.raises(ConfigurationError) as raised:
        load_stores(config(a={"protocol": "ftp"}, b=MEMORY | {"token_length": 1}, default="a"))
    assert "store 'a'" in raised.value.message
    assert "store 'b'" in raised.value.message


def test_datajoint_s_own_configuration_is_taken(tmp_path):
    import datajoint as dj

    with dj.config.override(
        stores={"default": "main", "main": {"protocol": "file", "location": str(tmp_path)}}
    ):
        assert resolve_spec(None, dj.config).location == str(tmp_path)
        assert resolve_spec(None).location == str(tmp_path)


def test_an_object_with_stores_is_a_configuration():
    assert list(load_stores(SimpleNamespace(stores={"a": MEMORY}))) == ["a"]

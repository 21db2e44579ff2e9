"""The settings of a store: valid from birth, or every problem at once, and never a secret."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from dj_objectstore.exceptions import ConfigurationError
from dj_objectstore.spec.models import parse_spec
from dj_objectstore.spec.secrets import redact, secret_values, without_secrets

S3 = {"protocol": "s3", "bucket": "lab"}
AZURE = {"protocol": "azure", "container": "lab"}


def problems(settings):
    with pytest.raises(ConfigurationError) as raised:
        parse_spec("main", settings)
    return raised.value.message.splitlines()


def test_a_file_store_needs_a_location_and_makes_it_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = parse_spec("main", {"protocol": "file", "location": "data/"})
    assert spec.location == str(tmp_path / "data")
    assert problems({"protocol": "file"}) == ["store 'main': location is required; add location"]
    monkeypatch.setenv("HOME", "/home/me")
    assert parse_spec("main", {"protocol": "file", "location": "~/data"}).location == "/home/me/data"


def test_a_bucket_is_enough_for_s3():
    spec = parse_spec("main", S3)
    assert (spec.endpoint, spec.location, spec.secure, spec.endpoint_url) == (
        "s3.amazonaws.com",
        "",
        True,
        None,
    )
    assert spec.public_settings() == S3


@pytest.mark.parametrize(
    ("endpoint", "secure", "url"),
    [
        ("minio.lab.org:9000", None, "https://minio.lab.org:9000"),
        ("minio.lab.org:9000", False, "http://minio.lab.org:9000"),
        ("http://minio.lab.org:9000/", None, "http://minio.lab.org:9000"),
        ("https://minio.lab.org", True, "https://minio.lab.org"),
    ],
)
def test_an_endpoint_is_a_host_or_a_url(endpoint, secure, url):
    assert parse_spec("main", S3 | {"endpoint": endpoint, "secure": secure}).endpoint_url == url


def test_null_and_empty_credentials_are_not_set():
    assert parse_spec("main", S3 | {"access_key": "", "secret_key": None}).access_key is None


def test_gs_and_gcs_mean_the_same_and_container_and_bucket_too():
    one, other = (
        parse_spec("main", {"protocol": p, "bucket": "lab", "location": "x"}) for p in ("gs", "gcs")
    )
    assert (one.protocol, other.protocol) == ("gs", "gcs")
    assert one.place == other.place == "gs://lab/x"
    one, other = (parse_spec("main", {"protocol": "azure", key: "lab"}) for key in ("container", "bucket"))
    assert one.place == other.place == "az://lab"


def test_the_full_settings_make_an_equal_store_with_its_secrets():
    for settings in (
        S3 | {"access_key": "a", "secret_key": "b", "storage_options": {"key": "c"}},
        {"protocol": "gs", "bucket": "lab", "token": "secrets/gcs.json"},
        AZURE | {"account_name": "a", "account_key": "k"},
    ):
        spec = parse_spec("main", settings)
        assert spec.full_settings() == settings
        assert parse_spec("main", spec.full_settings()) == spec


def test_a_spec_is_frozen():
    with pytest.raises(ValidationError):
        parse_spec("main", S3).bucket = "other"


def test_prefixes_lose_the_slash_at_their_end():
    spec = parse_spec("main", S3 | {"schema_prefix": "data/arrays/", "location": "/lab/project/"})
    assert (spec.layout.schema_prefix, spec.location) == ("data/arrays", "lab/project")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "protocol is required; set it to one of 'file', 's3', 'gcs', 'gs', 'azure', 'memory'"),
        (
            {"protocol": "ftp"},
            "protocol must be one of 'file', 's3', 'gcs', 'gs', 'azure', 'memory', got 'ftp'; correct it",
        ),
        ({"protocol": "gs"}, "bucket is required"),
        ({"protocol": "gcs", "bucket": "gs://lab"}, "bucket must be the name of a bucket alone"),
        ({"protocol": "gcs", "bucket": "lab", "storage_class": "COLD"}, "there is no key 'storage_class'"),
        ({"protocol": "azure"}, "container is required; add container"),
        ({"protocol": "azure", "container": "a/b"}, "container must be the name of a bucket alone"),
        (AZURE | {"bucket": "other"}, "container and bucket must be the same, got 'lab' and 'other'"),
        (AZURE | {"account_key": "k"}, "account_key must come with account_name"),
        (
            AZURE | {"account_name": "a", "account_key": "k", "connection_string": "c"},
            "connection_string holds the key",
        ),
        (S3 | {"buket": "x"}, "there is no key 'buket'; did you mean 'bucket'?"),
        (S3 | {"secure": "no"}, "secure must be true or false, got 'no'; correct it"),
        (S3 | {"location": 5}, "location must be text, got 5; correct it"),
        (S3 | {"bucket": "lab/project"}, "bucket must be the name of a bucket alone, got 'lab/project'"),
        (S3 | {"endpoint": "https://host/path"}, "endpoint must be a host"),
        (S3 | {"endpoint": "user:pass@host"}, "endpoint must not hold credentials"),
        (S3 | {"endpoint": "http://host", "secure": True}, "secure must agree with endpoint"),
        (
            S3 | {"access_key": "AKIA"},
            "access_key and secret_key must be given together, got access_key alone",
        ),
        (S3 | {"session_token": "t"}, "session_token must come with access_key and secret_key"),
        (
            S3 | {"anon": True, "access_key": "a", "secret_key": "b"},
            "anon must not be combined with credentials",
        ),
        (
            S3 | {"addressing_style": "dns"},
            "addressing_style must be one of 'auto', 'path', 'virtual', got 'dns'",
        ),
        (S3 | {"location": "../other"}, "location must be plain folder names"),
        (S3 | {"token_length": 2}, "token_length must be 4 to 16, got 2; remove it to use 8"),
        (S3 | {"token_length": "8"}, "token_length must be a whole number, got '8'"),
        (S3 | {"hash_prefix": ""}, "hash_prefix must not be empty"),
        (
            S3 | {"schema_prefix": "/abs"},
            "schema_prefix must be relative to the store's location, got '/abs'",
        ),
        (S3 | {"filepath_prefix": "a/../b"}, "filepath_prefix must be plain folder names"),
        (S3 | {"filepath_prefix": "_dj_objectstore/x"}, "filepath_prefix must not lie in '_dj_objectstore'"),
        (
            S3 | {"filepath_prefix": "_hash/x"},
            "prefixes must not overlap, got hash_prefix '_hash' and filepath_prefix",
        ),
        (
            S3 | {"schema_prefix": "_hash"},
            "prefixes must not overlap, got hash_prefix '_hash' and schema_prefix",
        ),
        (S3 | {"subfolding": [2, 0]}, "subfolding must hold positive lengths"),
        (S3 | {"subfolding": [20, 20]}, "subfolding must hold positive lengths that add up to at most 26"),
        (S3 | {"subfolding": "2,2"}, "subfolding must be a list, got '2,2'"),
        (
            S3 | {"partition_pattern": "a//b"},
            "partition_pattern is wrong: a partition pattern must name attributes",
        ),
        (S3 | {"cache": {"folder": "/c"}}, "cache.bytes is required"),
        (S3 | {"cache": {"folder": "/c", "bytes": 0}}, "cache.bytes must be greater than 0"),
        ({"protocol": "file", "location": "/d", "bucket": "x"}, "there is no key 'bucket'"),
        ({"protocol": "file", "location": "/d", "storage_class": "X"}, "there is no key 'storage_class'"),
        ({"protocol": "file", "location": ""}, "location must name a folder"),
    ],
)
def test_a_wrong_setting_is_told_with_store_key_value_and_remedy(settings, problem):
    (told,) = problems(settings)
    assert told.startswith(f"store 'main': {problem}")
    assert "; " in told


def test_settings_that_are_no_mapping_are_refused():
    (told,) = problems("file:///data")
    assert told.startswith("store 'main': the settings of a store must be a mapping, got str; write {")


def test_all_problems_are_told_at_once():
    told = problems(
        {
            "protocol": "s3",
            "buckett": "x",
            "secure": 1,
            "token_length": 99,
            "hash_prefix": "same",
            "schema_prefix": "same",
            "subfolding": [0],
            "access_key": "AKIA",
        }
    )
    for part in (
        "'buckett'",
        "secure",
        "token_length",
        "overlap",
        "subfolding",
        "access_key",
        "bucket is required",
    ):
        assert [line for line in told if part in line], part
    assert len(told) == 7


def test_no_error_repr_or_pickle_shows_a_secret():
    secret = "very-secret-value"
    settings = S3 | {
        "access_key": secret,
        "secret_key": secret,
        "session_token": secret,
        "proxy_server": f"http://me:{secret}@proxy",
        "storage_options": {"client_kwargs": {"aws_secret": secret}, "password": secret, "anon": False},
    }
    spec = parse_spec("main", settings)
    shown = [
        repr(spec),
        str(spec),
        str(spec.public_settings()),
        repr(spec.layout),
        spec.place,
        spec.fingerprint(),
        spec.model_dump_json(),
        str(spec.model_dump()),
        pickle.dumps(spec).decode("latin-1"),
        pickle.dumps(spec.public_settings()).decode("latin-1"),
    ]
    assert pickle.loads(pickle.dumps(spec)).public_settings() == spec.public_settings()
    wrong = [settings | {"token_length": 1}, settings | {"access_key": 5}, settings | {"secrt_key": secret}]
    wrong.append(settings | {"secret_key": None})
    for one in wrong:
        with pytest.raises(ConfigurationError) as raised:
            parse_spec("main", one)
        shown.append(str(raised.value))
    assert not [text for text in shown if secret in text]
    assert spec.public_settings()["storage_options"] == {"client_kwargs": {}, "anon": False}


def test_stores_that_differ_in_a_secret_alone_are_different():
    one, other = (parse_spec("main", S3 | {"access_key": "a", "secret_key": key}) for key in ("x", "y"))
    assert one.fingerprint() != other.fingerprint()
    assert one.fingerprint() == parse_spec("main", S3 | {"access_key": "a", "secret_key": "x"}).fingerprint()


def test_text_is_cleaned_of_secrets():
    assert redact("key AKIA1234 failed", ["AKIA1234", ""]) == "key *** failed"


folders = st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5})?", fullmatch=True)
common = st.fixed_dictionaries(
    {},
    optional={
        "hash_prefix": folders.map("h/".__add__),
        "schema_prefix": folders.map("s/".__add__),
        "filepath_prefix": folders.map("f/".__add__),
        "subfolding": st.lists(st.integers(1, 5), max_size=4),
        "partition_pattern": st.sampled_from(["a", "a/b", "{a}/{b}"]),
        "token_length": st.integers(4, 16),
        "project_name": st.text(max_size=9),
        "cache": st.just({"folder": "/cache", "bytes": 10}),
        "storage_options": st.just({"asynchronous": False}),
    },
)
of_protocol = st.one_of(
    st.just({"protocol": "file", "location": "/data"}),
    st.fixed_dictionaries(
        {"protocol": st.just("s3"), "bucket": st.just("lab")},
        optional={"location": folders, "region": st.just("eu-west-1"), "secure": st.booleans()},
    ),
    st.fixed_dictionaries(
        {"protocol": st.sampled_from(["gs", "gcs"]), "bucket": st.just("lab")},
        optional={"location": folders, "project": st.just("p")},
    ),
    st.fixed_dictionaries(
        {"protocol": st.just("azure"), "container": st.just("lab")},
        optional={"location": folders, "account_name": st.just("a"), "bucket": st.just("lab")},
    ),
    st.fixed_dictionaries({"protocol": st.just("memory")}, optional={"location": folders}),
)


@given(common, of_protocol)
def test_public_settings_make_an_equal_store(some, own):
    settings = some | own
    spec = parse_spec("main", settings)
    again = parse_spec("main", spec.public_settings())
    assert again == spec
    assert again.fingerprint() == spec.fingerprint()
    assert spec.public_settings() == settings


@given(
    st.recursive(st.text(max_size=5), lambda inner: st.dictionaries(st.text(max_size=8), inner, max_size=4))
)
def test_cleaning_options_keeps_what_is_not_secret(options):
    if isinstance(options, dict):
        cleaned = without_secrets(options)
        assert set(cleaned) <= set(options)
        assert without_secrets(cleaned) == cleaned


@given(
    st.recursive(
        st.dictionaries(st.sampled_from(["secret_key", "sas_token"]), st.just("the secret"), min_size=1),
        lambda inner: (
            st.dictionaries(st.sampled_from(["client_kwargs", "auth", "a"]), inner, min_size=1)
            | st.lists(inner, min_size=1, max_size=3).map(lambda several: {"several": several})
        ),
    )
)
def test_a_secret_is_found_and_left_out_however_deep_it_lies(options):
    assert set(secret_values(options)) == {"the secret"}
    assert "the secret" not in str(without_secrets(options))

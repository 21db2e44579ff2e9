"""OpenStack Swift with its S3 interface on loopback, which checks signatures as Amazon does.

It runs in an environment of its own, as it needs older libraries: one device, one replica, no daemons.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from textwrap import dedent

SERVERS = ("object", "container", "account", "proxy")
KEY, SECRET = "test:tester", "testing-secret"
# knows the account and may do nothing but what a bucket allows it
GUEST_KEY, GUEST_SECRET = "test:guest", "guest-secret"

# what memcached does for Swift, in the one process that asks for it
MEMORY = """
import time

class Memory:
    def __init__(self):
        self.values = {}

    def get(self, key, raise_on_error=False):
        value, until = self.values.get(key, (None, 0))
        if until and until < time.time():
            self.values.pop(key, None)
            return None
        return value

    def set(self, key, value, serialize=True, time=0, min_compress_len=0, raise_on_error=False):
        self.values[key] = (value, _now() + time if time else 0)

    def incr(self, key, delta=1, time=0):
        value = max(0, int(self.get(key) or 0) + delta)
        self.set(key, value, time=time)
        return value

    def decr(self, key, delta=1, time=0):
        return self.incr(key, -delta, time)

    def delete(self, key, server_key=None):
        self.values.pop(key, None)

    def get_multi(self, keys, server_key):
        return [self.get(key) for key in keys]

    def set_multi(self, values, server_key, serialize=True, time=0, min_compress_len=0):
        for key, value in values.items():
            self.set(key, value, time=time)

_now = time.time
MEMORY = Memory()

def filter_factory(global_conf, **local_conf):
    def wrap(app):
        def call(env, start_response):
            env["swift.cache"] = MEMORY
            return app(env, start_response)
        return call
    return wrap
"""

PIPELINE = "catch_errors mem listing_formats bulk s3api tempauth copy slo dlo versioned_writes proxy-server"
FILTERS = {
    "catch_errors": {"use": "egg:swift#catch_errors"},
    "mem": {"paste.filter_factory": "swift_memory:filter_factory"},
    "listing_formats": {"use": "egg:swift#listing_formats"},
    "bulk": {"use": "egg:swift#bulk"},
    "s3api": {
        "use": "egg:swift#s3api",
        "s3_acl": "false",
        "check_bucket_owner": "false",
        "location": "us-east-1",
    },
    "tempauth": {
        "use": "egg:swift#tempauth",
        "user_test_tester": f"{SECRET} .admin",
        "user_test_guest": GUEST_SECRET,
    },
    "copy": {"use": "egg:swift#copy"},
    "slo": {"use": "egg:swift#slo"},
    "dlo": {"use": "egg:swift#dlo"},
    "versioned_writes": {"use": "egg:swift#versioned_writes"},
}


def start_swift(python: Path, folder: Path, ports: dict[str, int]) -> list[subprocess.Popen[bytes]]:
    """Write the configuration below `folder` and start the four servers, the proxy on ``ports["proxy"]``."""
    etc, devices = folder / "etc", folder / "devices"
    (devices / "d1").mkdir(parents=True)
    etc.mkdir()
    (etc / "swift_memory.py").write_text(MEMORY)
    (etc / "swift.conf").write_text(
        dedent("""
        [swift-hash]
        swift_hash_path_suffix = a
        swift_hash_path_prefix = b
        [storage-policy:0]
        name = only
        default = yes
        """)
    )
    for server in SERVERS:
        (etc / f"{server}-server.conf").write_text(_configuration(server, etc, devices, ports[server]))
    for server in SERVERS[:3]:
        _make_ring(python, etc / f"{server}.builder", ports[server])
    return [_start(python, folder, server) for server in SERVERS]


def _configuration(server: str, etc: Path, devices: Path, port: int) -> str:
    common = {"bind_ip": "127.0.0.1", "bind_port": port, "user": _user(), "swift_dir": etc, "workers": 0}
    common["log_address"] = "/nonexistent"
    sections: dict[str, dict[str, object]] = {"DEFAULT": common}
    if server == "proxy":
        sections["pipeline:main"] = {"pipeline": PIPELINE}
        sections["app:proxy-server"] = {"use": "egg:swift#proxy", "account_autocreate": "true"}
        sections |= {f"filter:{name}": dict(options) for name, options in FILTERS.items()}
    else:
        common |= {"devices": devices, "mount_check": "false", "disable_fallocate": "true"}
        sections["pipeline:main"] = {"pipeline": f"{server}-server"}
        sections[f"app:{server}-server"] = {"use": f"egg:swift#{server}"}
    return "\n".join(
        "\n".join([f"[{name}]", *(f"{key} = {value}" for key, value in options.items())])
        for name, options in sections.items()
    )


def _make_ring(python: Path, builder: Path, port: int) -> None:
    command = [python, python.with_name("swift-ring-builder"), builder]
    for arguments in (["create", "4", "1", "1"], ["add", f"r1z1-127.0.0.1:{port}/d1", "1"], ["rebalance"]):
        subprocess.run([*command, *arguments], check=True, capture_output=True)


def _start(python: Path, folder: Path, server: str) -> subprocess.Popen[bytes]:
    etc = folder / "etc"
    environment = {**os.environ, "PYTHONPATH": str(etc), "SWIFT_DIR": str(etc), "PYTHONWARNINGS": "ignore"}
    with (folder / f"{server}.log").open("wb") as log:
        return subprocess.Popen(
            [python, python.with_name(f"swift-{server}-server"), etc / f"{server}-server.conf"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def _user() -> str:
    import getpass

    return getpass.getuser()

"""What all tests share: the package's own fixtures, as users have them, and how hard hypothesis tries."""

from __future__ import annotations

import os

import hypothesis
import pytest

# Tests configure DataJoint themselves; what the developer's shell says must not reach them.
for name in [name for name in os.environ if name.startswith("DJ_")]:
    del os.environ[name]
os.environ["DJ_IGNORE_CONFIG_FILE"] = "true"

pytest_plugins = ["dj_objectstore.testing", "object_servers", "mariadb_server"]
pytest.register_assert_rewrite("contract")

# `make test` is quick and the same each time in CI; `make stress` looks long for what is rare.
hypothesis.settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
hypothesis.settings.register_profile("stress", max_examples=5000, deadline=None)
hypothesis.settings.load_profile("quick")


@pytest.fixture
def full_size(request: pytest.FixtureRequest) -> bool:
    """Whether this is `make stress`, where what is large is really large."""
    return request.config.getoption("--hypothesis-profile") == "stress"

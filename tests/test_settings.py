"""Settings that cannot work are refused when they are read, not when somebody needs them."""

import pytest
from pydantic import ValidationError

from atrisys.settings import Settings

AMOUNTS = [
    "signature_tolerance_s",
    "session_idle_min",
    "session_max_h",
    "max_upload_gb",
    "picture_timeout_s",
    "picture_memory_mb",
]


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "much"])
def test_an_amount_that_lets_nothing_pass_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"ATRISYS_{name.upper()}", value)
    with pytest.raises(ValidationError, match=name):
        Settings()


@pytest.mark.parametrize("name", AMOUNTS)
def test_any_amount_above_nothing_is_taken(monkeypatch, name):
    monkeypatch.setenv(f"ATRISYS_{name.upper()}", "1")
    assert getattr(Settings(), name) == 1

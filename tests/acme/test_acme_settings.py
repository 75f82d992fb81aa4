"""What `[acme]` may not say, and what it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.acme.settings import Acme, safe_url
from gateway.config import ConfigError, load

ORDER = {"spc": "616H", "organization": "Example Telecom"}
GOOD: dict[str, Any] = {
    "directory": "https://ca.example.test/acme/directory",
    "sti_pa_url": "https://pa.example.test/api/v1/",
    "sti_pa_user": "616H",
    "sti_pa_password": "secret",
    "orders": [ORDER],
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        pytest.param({"directory": None}, "directory is missing", id="no directory"),
        pytest.param({"directory": "http://ca.example.test/"}, "not https", id="plain http"),
        pytest.param({"directory": "http://127.0.0.1.example.test/"}, "not https", id="a name like loopback"),
        pytest.param({"sti_pa_url": None}, "sti_pa_url is missing", id="no STI-PA"),
        pytest.param({"orders": []}, "what is to be ordered", id="no order"),
        pytest.param({"orders": [ORDER, ORDER]}, "the same name", id="an order twice"),
        pytest.param({"orders": [ORDER, {**ORDER, "name": "b", "account": "a"}]}, "the same spc", id="an SPC twice"),
        pytest.param({"orders": [ORDER, {**ORDER, "spc": "709J"}]}, "the same account", id="an account twice"),
        pytest.param({"orders": [{**ORDER, "spc": "616-H"}]}, "spc", id="no SPC"),
        pytest.param({"orders": [{**ORDER, "name": "../a"}]}, "name", id="a path as name"),
        pytest.param({"orders": [{**ORDER, "sti_pa_account": "a/b"}]}, "sti_pa_account", id="a path as account"),
        pytest.param({"sti_pa_password": None}, "go together", id="a user without password"),
        pytest.param({"sti_pa_user": None, "sti_pa_password": None}, "nobody asks the STI-PA", id="no user"),
        pytest.param({"eab_kid": "1"}, "go together", id="half a binding"),
        pytest.param({"contact": ["ops@example.test"]}, "contact", id="a contact that is no URL"),
        pytest.param({"renew_before": "1h"}, "renew_before", id="renewed in the last hour"),
        pytest.param({"password": "x"}, "password", id="an unknown key"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Acme.model_validate({name: each for name, each in {**GOOD, **changed}.items() if each is not None})


@pytest.mark.parametrize(
    "url",
    ["", "https://", "ftp://127.0.0.1/", "https://user@ca.example.test/", "https://ca.example.test/#a",
     "https://ca.example.test/ x", "https://ca.example.test:port/", "https://[::1/", "http://localhost/"],
)  # fmt: skip
def test_a_url_that_is_not_safe_to_send_secrets_to_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"URL|https"):
        safe_url(url)


@pytest.mark.parametrize("url", ["https://ca.example.test", "http://127.0.0.9:80/a", "http://[::1]:8080/"])
def test_https_and_this_machine_are_safe(url: str) -> None:
    assert safe_url(url) == url


def test_an_order_is_called_by_its_spc_unless_it_has_a_name() -> None:
    named = Acme.model_validate(
        {**GOOD, "orders": [ORDER, {**ORDER, "spc": "709J", "account": "a", "name": "b"}]}
    )
    assert [each.called for each in named.orders] == ["616H", "b"]
    assert named.order("709J") is None


def test_paths_start_at_the_folder_of_the_configuration_and_mistakes_are_told(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    text = """
[node]
state_dir = "."
[sip]
listen = ["udp:127.0.0.2:5060"]
[acme]
directory = "https://ca.example.test/d"
sti_pa_url = "https://pa.example.test/at"
sti_pa_shape = "rfc9448"
sti_pa_user = "616H"
sti_pa_password = "pa-password"
[[acme.orders]]
spc = "616H"
organization = "Example Telecom"
"""
    file.write_text(text)
    assert load(file).acme.sti_pa_password == tmp_path / "pa-password"
    file.write_text(text.replace("sti_pa_shape", "sti_pa_shap"))
    with pytest.raises(ConfigError, match=r"acme\.sti_pa_shap: unknown key; did you mean 'sti_pa_shape'"):
        load(file)

"""An address says which methods it has, where another one is tried."""

import pytest
from policy_api import Api


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        pytest.param("PATCH", "/v1/accounts", "GET, POST", id="routes-of-one-address-together"),
        pytest.param("POST", "/v1/accounts/acme", "DELETE, GET, PUT", id="an-entry"),
        pytest.param("PUT", "/v1/list-groups/nuisance/numbers.csv", "GET", id="no-entry-of-that-name"),
        pytest.param("DELETE", "/v1/list-groups/nuisance/numbers", "GET, PUT", id="numbers"),
        pytest.param("OPTIONS", "/v1/certificates/rollback", "POST", id="no-certificate-of-that-name"),
        pytest.param("GET", "/stir/v1/signing", "POST", id="in-the-form-of-the-standard-too"),
    ],
)
def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    api: Api, method: str, path: str, methods: str
) -> None:
    response = api.client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, methods)


def test_a_condition_that_makes_no_sense_for_a_removal_removes_nothing(api: Api) -> None:
    api.add("areas", {"prefix": "1215", "name": "Philadelphia"})
    assert api.client.delete("/v1/areas/1215", headers={"If-None-Match": "*"}).status_code == 400
    assert api.client.get("/v1/areas/1215").status_code == 200

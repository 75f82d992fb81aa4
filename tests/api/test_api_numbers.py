"""The numbers of a list group: paged, searched, changed one by one, and uploaded by the million."""

import asyncio
from typing import Any

import pytest
from policy_api import CSV, Api, mistakes

from gateway.api import uploads

NUMBERS = "/v1/list-groups/nuisance/numbers"


@pytest.fixture
def group(api: Api) -> Api:
    api.add("list-groups", {"name": "nuisance"})
    return api


def listed(api: Api) -> list[str]:
    items: list[str] = api.client.get(NUMBERS).json()["items"]
    return items


def upload(api: Api, content: Any, mode: str = "replace") -> Any:
    return api.client.put(f"{NUMBERS}?mode={mode}", content=content, headers=CSV)


# Refusals


def test_every_line_that_is_no_number_is_told_and_nothing_changes(group: Api) -> None:
    upload(group, b"+12155550100\n")
    response = upload(group, b"number\n+12155550101\n1215555010*\nalice\n\xff\n")
    assert response.status_code == 422
    found = mistakes(response)
    assert list(found) == ["line 3", "line 4", "line 5"]
    assert "wildcard" in found["line 3"]
    assert listed(group) == ["+12155550100"]


def test_a_line_without_end_is_refused_before_it_is_read_whole(group: Api) -> None:
    response = upload(group, b"+12155550100\n" + b"1" * 10_000_000)
    assert (response.status_code, response.json()["detail"]) == (
        422,
        "line 2 has more than 65536 bytes: write one number a line",
    )


def test_an_upload_that_announces_too_much_is_not_received(group: Api) -> None:
    headers = {**CSV, "Content-Length": str(uploads.LONGEST_UPLOAD + 1)}
    response = group.client.put(NUMBERS, content=b"", headers=headers)
    assert response.status_code == 413


def test_an_upload_that_grows_too_long_is_cut_off(group: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LONGEST_UPLOAD", 100)
    response = upload(group, (b"+12155550100\n" for _ in range(10)))
    assert response.status_code == 413
    assert listed(group) == []


@pytest.mark.parametrize("type", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_what_a_web_page_could_send_unasked_is_no_upload(group: Api, type: str) -> None:
    response = group.client.put(NUMBERS, content=b"+12155550100\n", headers={"Content-Type": type})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", NUMBERS, id="page"),
        pytest.param("GET", f"{NUMBERS}.csv", id="all"),
        pytest.param("PUT", NUMBERS, id="upload"),
        pytest.param("GET", f"{NUMBERS}/12155550100", id="one"),
        pytest.param("PUT", f"{NUMBERS}/12155550100", id="add"),
        pytest.param("DELETE", f"{NUMBERS}/12155550100", id="remove"),
    ],
)
def test_a_group_that_is_not_there_is_said_to_be_so(api: Api, method: str, path: str) -> None:
    response = api.client.request(method, path, headers=CSV)
    assert (response.status_code, "no list group 'nuisance'" in response.json()["detail"]) == (404, True)


@pytest.mark.parametrize("number", ["alice", "1215*", "number", "%20", "1" * 19])
def test_one_number_that_is_none_is_not_added(group: Api, number: str) -> None:
    assert group.client.put(f"{NUMBERS}/{number}").status_code == 422
    assert listed(group) == []


def test_a_number_that_is_not_listed_cannot_be_taken_away(group: Api) -> None:
    assert group.client.delete(f"{NUMBERS}/12155550100").status_code == 404


@pytest.mark.parametrize("query", ["mode=merge", "mod=add", "limit=10"])
def test_an_upload_says_what_it_wants_or_is_refused(group: Api, query: str) -> None:
    assert group.client.put(f"{NUMBERS}?{query}", content=b"", headers=CSV).status_code == 400


def test_a_page_begins_behind_a_number(group: Api) -> None:
    assert group.client.get(f"{NUMBERS}?after=alice").status_code == 400


# What is stored


@pytest.mark.parametrize(
    ("mode", "changed", "left"),
    [
        pytest.param("replace", 2, ["+12155550101", "+12155550102"], id="replace"),
        pytest.param("add", 1, ["+12155550100", "+12155550101", "+12155550102"], id="add"),
        pytest.param("remove", 1, ["+12155550100"], id="remove"),
    ],
)
def test_an_upload_replaces_adds_or_removes(group: Api, mode: str, changed: int, left: list[str]) -> None:
    upload(group, b"+12155550100\n+12155550101\n")
    response = upload(group, b"2155550101\r\n(215) 555-0102\r\n", mode)
    assert response.json()["changed"] == changed
    assert listed(group) == left


def test_a_byte_order_mark_and_a_heading_are_no_numbers(group: Api) -> None:
    assert upload(group, b"\xef\xbb\xbfnumber\n+12155550100\n").json()["changed"] == 1


def test_one_number_is_added_found_and_taken_away(group: Api) -> None:
    assert group.client.put(f"{NUMBERS}/2155550100").status_code == 204
    assert group.client.get(f"{NUMBERS}/+12155550100").json() == {"number": "+12155550100"}
    assert group.client.get(f"{NUMBERS}?number=+12155550100").json()["items"] == ["+12155550100"]
    assert group.client.delete(f"{NUMBERS}/12155550100").status_code == 204
    assert group.client.get(f"{NUMBERS}/12155550100").status_code == 404


def test_numbers_are_read_in_pages_shorter_ones_first(group: Api) -> None:
    upload(group, b"+12155550102\n+12155550101\n4412\n")
    first = group.client.get(f"{NUMBERS}?limit=2").json()
    second = group.client.get(NUMBERS, params={"limit": 2, "after": first["next"]}).json()
    assert (first["items"], second["items"]) == (["+4412", "+12155550101"], ["+12155550102"])
    assert second["next"] is None


def test_all_numbers_come_as_the_csv_that_an_upload_takes(group: Api) -> None:
    sent = "number\n" + "".join(f"+1215555{n:04}\n" for n in range(2500))
    upload(group, sent.encode())
    response = group.client.get(f"{NUMBERS}.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.text == sent
    assert upload(group, response.content).json()["changed"] == 0


# Progress


def test_a_finished_upload_is_told_under_the_id_of_its_answer(group: Api) -> None:
    response = upload(group, iter([b"+12155550100\n", b"+12155550101\n"]))
    told = group.client.get("/v1/uploads").json()["items"][0]
    assert (told["id"], told["group"], told["mode"]) == (response.json()["id"], "nuisance", "replace")
    assert (told["state"], told["received"], told["size"]) == ("done", 26, None)


def test_a_refused_upload_is_told_as_such_newest_first(group: Api) -> None:
    upload(group, b"+12155550100\n")
    upload(group, b"alice\n")
    items = group.client.get("/v1/uploads").json()["items"][:2]
    assert [each["state"] for each in items] == ["refused", "done"]
    assert all(each["ended"] for each in items)


def test_an_upload_on_its_way_is_told_with_what_has_come() -> None:
    running = uploads.Uploads(lambda: 1_800_000_000.0)
    states = []

    async def chunks() -> Any:
        for chunk in (b"+12155550100\n", b"+12155550101\n"):
            yield chunk
            states.append((running.told()[0].state, running.told()[0].received))

    class Request:
        stream = staticmethod(chunks)

    with running.one("nuisance", "add", 26) as upload, uploads.room() as file:
        asyncio.run(uploads.receive(Request(), upload, file))  # type: ignore[arg-type]
        upload.looked_at(2)
        assert list(uploads.lines(file)) == ["+12155550100", "+12155550101"]
        (told,) = running.told()
    assert states == [("receiving", 13), ("receiving", 26)]
    assert (told.state, told.numbers, told.ended) == ("storing", 2, None)


def test_the_uploads_remembered_are_bounded() -> None:
    running = uploads.Uploads(lambda: 0.0)
    for _ in range(150):
        with running.one("nuisance", "add", None):
            pass
    assert len(running.told()) == 100


def test_a_client_that_leaves_changes_nothing(group: Api) -> None:
    sent: list[dict[str, Any]] = []
    received = iter(
        [{"type": "http.request", "body": b"+12155550100\n", "more_body": True}, {"type": "http.disconnect"}]
    )

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "PUT",
        "path": NUMBERS,
        "raw_path": NUMBERS.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"content-type", b"text/csv")],
    }
    asyncio.run(group.client.app(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
    assert listed(group) == []
    assert group.client.get("/v1/uploads").json()["items"][0]["state"] == "refused"

"""How long an answer holds: what HTTP says, and a day at least."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.trust.http_cache import FLOOR, lifetime

WEEK = 7 * 86_400
DATE = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}
IN_A_WEEK = {"expires": "Thu, 08 Jan 2026 00:00:00 GMT"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing said"),
        pytest.param({"cache-control": "no-store"}, id="no-store"),
        pytest.param({"cache-control": "no-cache, must-revalidate"}, id="no-cache"),
        pytest.param({"cache-control": "max-age=0"}, id="zero"),
        pytest.param({"cache-control": "max-age=86399"}, id="a second short"),
        pytest.param({"cache-control": "max-age=-604800"}, id="negative"),
        pytest.param({"cache-control": "max-age=6e9"}, id="not a number"),
        pytest.param({"cache-control": "max-age"}, id="no value"),
        pytest.param({"cache-control": "x-max-age=604800"}, id="a name that only ends alike"),
        pytest.param({"cache-control": "max-age=٦٠٤٨٠٠"}, id="digits of another script"),
        pytest.param(
            {"cache-control": f"max-age={WEEK}", "age": "9999999999999999999"}, id="older than that"
        ),
        pytest.param({"cache-control": f"s-maxage=60, max-age={WEEK}"}, id="shared caches are told less"),
        pytest.param(IN_A_WEEK, id="Expires without Date"),
        pytest.param({**DATE, "expires": "0"}, id="Expires 0"),
        pytest.param({**DATE, "expires": "Thu, 99 Jan 2026 00:00:00 GMT"}, id="no such day"),
        pytest.param({**DATE, "expires": "Wed, 31 Dec 2025 00:00:00 GMT"}, id="expired"),
        pytest.param({**DATE, **IN_A_WEEK, "cache-control": "max-age=60"}, id="max-age beats Expires"),
    ],
)
def test_less_than_a_day_is_a_day(headers: dict[str, str]) -> None:
    assert lifetime(headers) == FLOOR


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"cache-control": f"public, max-age={WEEK}"}, WEEK, id="max-age"),
        pytest.param({"cache-control": f"MAX-AGE = {WEEK}"}, WEEK, id="capitals and spaces"),
        pytest.param({"cache-control": f'max-age="{WEEK}"'}, WEEK, id="quoted"),
        pytest.param({"cache-control": f"max-age=1, s-maxage={WEEK}"}, WEEK, id="s-maxage"),
        pytest.param({"cache-control": f"max-age={WEEK}", "age": "3600"}, WEEK - 3600, id="less its age"),
        pytest.param({"cache-control": f"max-age={WEEK}", "age": "-1"}, WEEK, id="an age that is none"),
        pytest.param({**DATE, **IN_A_WEEK}, WEEK, id="Expires after Date"),
        pytest.param({"cache-control": f"max-age={'9' * 400}"}, 2**31, id="beyond all time"),
    ],
)
def test_more_than_a_day_is_what_was_said(headers: dict[str, str], seconds: float) -> None:
    assert lifetime(headers) == seconds


@given(
    st.dictionaries(
        st.sampled_from(["cache-control", "expires", "date", "age"]),
        st.text() | st.text('0123456789,=-xmages "').map("max-age=".__add__),
    )
)
def test_whatever_is_said_means_a_day_or_more(headers: dict[str, str]) -> None:
    assert FLOOR <= lifetime(headers) < float("inf")

"""How fast one core signs: lines a second through `gateway sign --batch`'s own function, beside openssl's.

    python -m scenarios.bench.sign [seconds]

All run one after the other in the same minute, so that the ratio means something on any machine, and all are
counted in processor time, as openssl counts, because the machine may be shared. `openssl speed ecdsap256`
signs the same few bytes again and again; a batch line is parsed, canonicalised, validated, serialised,
signed and written.
"""

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator

from cryptography.hazmat.primitives.asymmetric import ec

from gateway.origid import new_origid
from gateway.stir.claims import ShakenClaims
from gateway.stir.passport import Signer
from gateway.stir.sign_lines import sign_lines
from gateway.stir.tn import NumberPlan
from scenarios.bench.figure import Figure, least
from scenarios.bench.length import Length
from scenarios.bench.openssl import speed

OPENSSL, BATCH = "openssl speed ecdsap256", "gateway sign --batch"
X5U = "https://certs.example.com/shaken.pem"
CHUNK = 64
"""Lines handed in at a time: what one read from a pipe gives, or less."""


def per_second(sign_chunk: Callable[[], object], seconds: int) -> float:
    """Signatures a second of processor time, where each call makes CHUNK of them."""
    start = time.process_time()
    chunks = 0
    while time.process_time() - start < seconds:
        sign_chunk()
        chunks += 1
    return chunks * CHUNK / (time.process_time() - start)


def measure(seconds: int) -> dict[str, float]:
    """Signatures a second of processor time: openssl's, then ours bare, then a batch's."""
    signer = Signer(ec.generate_private_key(ec.SECP256R1()), X5U)
    plan = NumberPlan.of("US")
    now = int(time.time())
    claims = [ShakenClaims("A", (f"1267555{n:04}",), now, "12155551212", new_origid()) for n in range(CHUNK)]
    lines = [
        json.dumps({"orig": f"+1215555{n:04}", "dest": [f"1267555{n:04}"], "attest": "A"}).encode()
        for n in range(CHUNK)
    ]
    return {
        OPENSSL: speed(seconds).sign,
        "Signer.sign": per_second(lambda: [signer.sign(each) for each in claims], seconds),
        BATCH: per_second(lambda: sign_lines(lines, signer, plan, now, new_origid), seconds),
    }


def signing(length: Length) -> Iterator[Figure]:
    """The batch's share of what openssl signs on one core."""
    rates = measure(max(1, round(length.of(5))))
    note = f"{rates[BATCH]:,.0f}/s of {rates[OPENSSL]:,.0f}/s"
    yield Figure(f"{BATCH} / {OPENSSL}", rates[BATCH] / rates[OPENSSL], "", least(0.6, 0.8), note)


def main() -> None:
    """Measure and print a table."""
    rates = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    print(f"{platform.node()}, Python {platform.python_version()}, one core")
    for name, rate in rates.items():
        print(f"{name:24} {rate:9,.0f}/s  {rate / rates[OPENSSL]:5.2f}")


if __name__ == "__main__":
    main()

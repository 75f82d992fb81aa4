"""An ACME request: a JWS whose signature, nonce and URL are checked before a word of its payload is (RFC 8555 §6.2-6.5)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from acme.jws import JWS
from josepy.b64 import b64encode
from josepy.errors import Error as JoseError
from josepy.jwa import ES256
from josepy.jwk import JWK
from pydantic import BaseModel, ValidationError

from certs.online.problem import Refused

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request whose signature holds: by this key, for this payload (None is POST-as-GET).

    account: the URL that the request names as its account; None where it carries the key itself.
    """

    key: JWK
    account: str | None
    payload: Any

    def read(self, model: type[Model]) -> Model:
        """The payload as its type; raises Refused."""
        try:
            return model.model_validate(self.payload)
        except ValidationError as error:
            raise Refused(
                "malformed", f"the payload cannot be used: {error.error_count()} mistakes"
            ) from None


class Nonces:
    """Each nonce is good once (RFC 8555 §6.5)."""

    def __init__(self) -> None:
        self._fresh: set[bytes] = set()

    def new(self) -> str:
        """One more that will be taken."""
        nonce = secrets.token_bytes(16)
        self._fresh.add(nonce)
        return b64encode(nonce).decode()

    def take(self, nonce: bytes | None) -> None:
        """Use this one up; raises Refused where it is not one of ours or was used before."""
        if nonce not in self._fresh:
            raise Refused("badNonce", "the nonce is unknown or used")
        self._fresh.discard(nonce)


def read(body: bytes, url: str, nonces: Nonces, key_of: Callable[[str], JWK]) -> Signed:
    """The request in `body`, sent to `url`; key_of: the key of an account, by its URL. Raises Refused."""
    try:
        jws = JWS.json_loads(body.decode())
        header = jws.signature.combined
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Refused("malformed", f"no JWS can be read: {error}") from None
    if header.alg != ES256:
        raise Refused("badSignatureAlgorithm", "sign with ES256")
    nonces.take(header.nonce)
    if header.url != url:
        raise Refused("unauthorized", f"signed for {header.url}, sent to {url}", 403)
    if (header.jwk is None) == (header.kid is None):
        raise Refused("malformed", "name the account or carry the key, not both")
    key = header.jwk if header.kid is None else key_of(header.kid)
    if not jws.verify(key):
        raise Refused("malformed", "the signature is not that of the key")
    return Signed(key, header.kid, _payload(jws.payload))


def _payload(payload: bytes) -> Any:
    if not payload:
        return None
    try:
        return json.loads(payload)
    except ValueError:
        raise Refused("malformed", "the payload is no JSON") from None

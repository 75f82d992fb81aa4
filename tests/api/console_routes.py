"""What each page of the console asks for, and each form: a table for a reader to check, held by two tests."""

from collections.abc import Mapping

from gateway.access.permissions import Permission

READ, POLICY, ROTATE = Permission.READ, Permission.POLICY, Permission.ROTATE
CERTIFICATES, ACCESS = Permission.CERTIFICATES, Permission.ACCESS

OPEN_PAGES = ("GET /login", "GET /console/static/{name}")

PAGES: Mapping[str, Permission] = {
    "GET /": READ,
    "GET /console": READ,
    "GET /console/{rest}": READ,
    "GET /console/calls": READ,
    "GET /console/calls/one": READ,
    "GET /console/explain": READ,
    "POST /console/explain": READ,
    "GET /console/blacklist": READ,
    "POST /console/blacklist": POLICY,
    "POST /console/blacklist/{id}/release": POLICY,
    "GET /console/audit": READ,
    "GET /console/certificates": READ,
    "GET /console/certificates/{name}": READ,
    "POST /console/certificates": CERTIFICATES,
    "POST /console/certificates/rollback": ROTATE,
    "POST /console/certificates/acme/renew": ROTATE,
    "POST /console/certificates/{name}/activate": ROTATE,
    "POST /console/certificates/{name}/check": ROTATE,
    "POST /console/certificates/{name}/retire": CERTIFICATES,
    "POST /console/certificates/{name}/revoke": CERTIFICATES,
    "POST /console/certificates/{name}/remove": CERTIFICATES,
    "GET /console/keys/{id}": READ,
    "POST /console/keys": CERTIFICATES,
    "POST /console/keys/{id}/csr": CERTIFICATES,
    "POST /console/keys/{id}/remove": CERTIFICATES,
    "GET /console/policy": READ,
    "GET /console/policy/{name}": READ,
    "GET /console/policy/{name}/entry": READ,
    "POST /console/policy/{name}/entry": POLICY,
    "GET /console/policy/{name}/new": POLICY,
    "POST /console/policy/{name}/new": POLICY,
    "POST /console/policy/{name}/remove": POLICY,
    "GET /console/policy/parameters": READ,
    "POST /console/policy/parameters": POLICY,
    "GET /console/policy/list-groups/numbers": READ,
    "POST /console/policy/list-groups/numbers": POLICY,
    "GET /console/nodes": READ,
    "POST /console/nodes/{name}/drain": POLICY,
    "POST /console/nodes/{name}/serve": POLICY,
    "POST /console/nodes/{name}/forget": POLICY,
    "GET /console/me": READ,
    "POST /console/me/password": READ,
    "POST /console/me/totp/offer": READ,
    "POST /console/me/totp/take": READ,
    "POST /console/me/totp/drop": READ,
    "GET /console/access": ACCESS,
    "POST /console/access/users": ACCESS,
    "POST /console/access/users/{name}/change": ACCESS,
    "POST /console/access/users/{name}/remove": ACCESS,
    "POST /console/access/tokens": ACCESS,
    "POST /console/access/tokens/{id}/revoke": ACCESS,
    "POST /console/access/sessions/{id}/end": ACCESS,
}

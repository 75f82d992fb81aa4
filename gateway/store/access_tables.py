"""The tables of users and tokens. No secret can be had from them but those of the second factor, which has to be computed;
so the database is to be guarded like a key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Table, Text

from gateway.store.tables import METADATA, Bytewise, Json

USERS = Table(
    "users",
    METADATA,
    Column("name", Bytewise, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("totp", Text),
    Column("totp_step", BigInteger, nullable=False, default=0),
    Column("enabled", Boolean, nullable=False),
    Column("made_at", Double, nullable=False),
)
"""`password` is an argon2id hash. `totp_step` is that of the last code used, which is not used again."""

TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", Bytewise, primary_key=True),
    Column("name", Bytewise, nullable=False, unique=True),
    Column("permissions", Json, nullable=False),
    Column("digest", Bytewise, nullable=False, unique=True),
    Column("made_at", Double, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
)

"""The tables of the nodes that share this database: what each says of itself, and which of them are to be drained."""

from __future__ import annotations

from sqlalchemy import Column, Double, Table, Text

from gateway.store.tables import METADATA, Bytewise, Json

NODES = Table(
    "nodes",
    METADATA,
    Column("name", Bytewise, primary_key=True),
    Column("seen", Double, nullable=False),
    Column("mark", Text, nullable=False),
    Column("report", Json, nullable=False),
)
"""One row a node. `mark` is another one with each report, so that a node finds out if somebody else reports in its name."""

DRAINED = Table(
    "drained_nodes",
    METADATA,
    Column("name", Bytewise, primary_key=True),
    Column("since", Double, nullable=False),
    Column("who", Text, nullable=False),
)
"""The nodes that are to take no new calls: what an operator wants, whatever the node says."""

"""Which release this is, as its package metadata says."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """The installed release, like "0.1.0"."""
    return metadata.version("vos3000-stir-gateway")

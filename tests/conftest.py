"""For every test: what collecting them has made stays until the end, so nothing needs to look at it again and again."""

import gc


def pytest_collection_finish() -> None:
    """Ten thousand tests and all modules are a heap whose every full collection takes seconds."""
    gc.collect()
    gc.freeze()

"""The same as ``python -m scenarios.bench`` in the root of the project, from anywhere."""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    runpy.run_module("scenarios.bench", run_name="__main__")

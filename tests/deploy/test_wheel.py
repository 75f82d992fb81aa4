"""What is installed is whole: a node has no sources beside it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("gateway", "certs")
_NOT_OURS = shutil.ignore_patterns("__pycache__", "out")


def test_a_wheel_holds_every_file_of_the_packages(tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=_NOT_OURS)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    written = {
        str(path.relative_to(sources))
        for name in PACKAGES
        for path in (sources / name).rglob("*")
        if path.is_file()
    }
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        sources,
    ]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert written - set(zipfile.ZipFile(wheel).namelist()) == set()

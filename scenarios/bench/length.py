"""How long the runs are, and where they say how they go."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

SHORT = 10  # a short run takes a tenth of the time: enough to see that it works, too little to believe


@dataclass(frozen=True, slots=True)
class Length:
    """Passed to every row."""

    short: bool = False
    begun: float = field(default_factory=time.monotonic)

    def of(self, full: float) -> float:
        """Seconds, calls or messages of a full run, as many as this run takes."""
        return full / SHORT if self.short else full

    def tell(self, text: str) -> None:
        """A line of progress on standard error."""
        print(f"{time.monotonic() - self.begun:7.1f} s  {text}", file=sys.stderr, flush=True)

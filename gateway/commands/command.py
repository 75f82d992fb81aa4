"""What a command is, and how it says that its user made a mistake."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass


class Mistake(Exception):
    """Something only the user can put right: what is wrong, and what to do about it."""

    def __init__(self, what: object, do: str) -> None:
        super().__init__(f"{what}; do: {do}")


@dataclass(frozen=True, slots=True)
class Command:
    """One word after `gateway`. run: gives the exit status, or raises Mistake. arguments: adds its own to a parser.

    examples: indented lines for its help, none for a command that explains itself.
    """

    name: str
    text: str
    run: Callable[[argparse.Namespace], int]
    arguments: Callable[[argparse.ArgumentParser], None]
    examples: str = ""

    def describe(self, parser: argparse.ArgumentParser) -> None:
        """Make an empty parser this command's."""
        self.arguments(parser)
        show_examples(parser, self.examples)
        parser.set_defaults(run=self.run)


def show_examples(parser: argparse.ArgumentParser, examples: str) -> None:
    """Put examples at the end of a parser's help, line for line."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"examples:{examples}" if examples else None


def log_to_stderr() -> None:
    """Send warnings where they do not mix with an answer; what is not in order is told in the answer anyway."""
    import logging

    import structlog

    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


def nothing(_parser: argparse.ArgumentParser) -> None:
    """The arguments of a command that has none."""

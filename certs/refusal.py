"""The one way the lab says no."""


class LabRefused(Exception):
    """What was asked of the lab cannot be done; the message says why and what to do instead."""

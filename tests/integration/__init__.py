"""Whole calls through a running gateway: SIPp on both sides, and sockets where SIPp is too well-behaved."""

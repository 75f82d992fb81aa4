"""Where an operator's policy is kept and how a change reaches a running process."""

"""The shell's commands, a module for each subject: its arguments, its examples, and a thin function that runs it.

A command imports what it needs when it runs, so that `gateway sign` starts without a web framework.
"""

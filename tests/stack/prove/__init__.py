"""Proof on real wire: binaries, SDK, emulated account, and something wrong at every call.

`python -m prove` in tests/stack, or `make prove`; docs/prove.md says how to read it.
"""

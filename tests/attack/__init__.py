"""An attack on released folders, by code that shares nothing with the gate.

What the attacker has: the files of a release, the project's documentation, and the rules of the
gate. `in_process` makes such folders and is the only module here that knows the package.
"""

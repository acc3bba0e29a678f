"""CEL, the Common Expression Language, as the API server of Kubernetes speaks it: in the rules of custom kinds, and in
admission policies.

    syntax      from a text to a tree
    types       what an expression may be of: from the schema of a kind too
    checker     does a tree make sense? Which type has it, and what may it cost?
    evaluator   from a checked tree to a function, which counts what it does and stops at a limit
    values      what CEL has and JSON has not: times, durations, quantities, addresses, optional values
    library     the functions, CEL's own and those that Kubernetes adds; functions.py and texts.py do what they do
    authorizer  what a policy may ask about who may do what

It is an interpreter of our own: those that can be installed can neither limit what an expression costs nor be stopped,
and a rule is written by strangers. docs/fidelity.md says what is left out. Models google/cel-spec, google/cel-go and
kubernetes/apiserver `pkg/cel`.
"""

from __future__ import annotations

from app.apimachinery.cel.checker import Compiled, compile_rule
from app.apimachinery.cel.evaluator import Budget, CelError, CostExceeded
from app.apimachinery.cel.syntax import CompileError

__all__ = ["Budget", "CelError", "CompileError", "Compiled", "CostExceeded", "compile_rule"]

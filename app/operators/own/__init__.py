"""Control loops that people write on the page: `sync(parent, children)` in Starlark, of which the engine makes Observe,
Diff and Act.

    evaluator   what runs in the process apart, where texts are evaluated
    calling     asks that process, and ends it when it takes too long or too much
    wanted      what a text returned, checked: a status and children
    applying    a child as it is wanted, laid over the child as it is
    flapping    notices a loop that keeps waking itself
    controller  the loop, by the contract of app/reconcile.py
    edge        the same for a text that answers to events, and forgets
    exporting   a text as a file to take elsewhere
"""

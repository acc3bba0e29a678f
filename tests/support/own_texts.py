"""Texts of controllers that tests write, in Starlark, and what they look after."""

BOB = "apiVersion: v1\nkind: Secret\nmetadata: {name: bob}\n"

NAMED_ANEW = """
def sync(parent, children):
    names = list(children["ConfigMap.v1"]) or ["%s-%d" % (parent["metadata"]["name"], now["unix"])]
    return {"children": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}} for name in names]}
"""
"""A ConfigMap for each Secret, called after the time at which it is made; it keeps all that it sees."""

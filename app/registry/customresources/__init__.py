"""Custom kinds: what a CustomResourceDefinition makes of the objects of its kind.

    crds         what is wrong with a CustomResourceDefinition itself
    schemas      and with the schemas in it
    definitions  from a CustomResourceDefinition to the Definition that a scheme registers
    defaulting   the fields that its schema fills in, and the nulls that it takes away
    values       is an object as its schema says? In the words of kube-openapi
    formats      `date-time`, `ipv4`, `duration`, ...: the formats of strings that are checked
    rules        the rules of CEL in a schema
    lists        lists that are sets or maps, and metadata inside of objects

Models apiextensions-apiserver `pkg/apiserver/schema`, `pkg/apiserver/validation` and `pkg/registry/customresource`.
"""

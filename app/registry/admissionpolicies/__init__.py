"""ValidatingAdmissionPolicies and their bindings: what their expressions may say, and what is wrong with them.

    expressions  which names an expression knows, of which types, and what it must answer
    checks       what is wrong with a policy, and with a binding
    compiled     a policy read once, to be asked of many requests
    asking       what it says of one
    typechecking what the types of the kinds that it is about say to it

What they are asked of, and what comes of it, is app/apiserver/admission/policies.py. Models kubernetes
`pkg/apis/admissionregistration` and apiserver `pkg/admission/plugin/policy/validating`.
"""

"""The vocabulary that all share: objects, kinds, names, selectors, quantities, times, sentences, errors, limits, and
the objects of internal kinds. Imports nothing else of ours."""

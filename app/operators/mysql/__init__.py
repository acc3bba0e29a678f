"""MySQL as a service: Oracle's operator for MySQL (2.2.2) and the servers that it looks after.

`group` and `views` are how servers agree among themselves, pure; `servers` lets them live in the containers of a
cluster; `operator` is the loop that knows what an expert knows.
"""

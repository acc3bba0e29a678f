"""MySQL as a service: Oracle's operator for MySQL (2.2.2), the servers that it looks after, and the operator of 2018.

What servers agree on, pure: `views`, `members`, `deciding`, `group`. Servers in the containers of a cluster, and their
clients: `servers`, `places`, `clients`, `decisions`, `written`, `replication`. The operator: `objects`, `diagnosis`,
`handling`, `operator`, `backups`, `sidecar`. 2018: `alpha`, `agents`.
"""

"""A real server with bugs that compute for ever, and half a second of patience: for tests of what ends them.

To scale to 7 is a command without an end, to 6 makes a loop without an end, and to look at the object `endless` an
answer without an end. To scale to 8 kills the process.
"""

from __future__ import annotations

from tests.support.server import Server

BUGS = """
import itertools, os, signal, sys
from app.web import serve

create = serve._create_app

def create_with_bugs(options, **config):
    from app.api import limits
    from app.commands import Scale
    from app.controllers.replicaset.replicaset import ReplicaSetController
    from app.rooms import Room

    limits.SLICE_CPU_S = 0.5
    perform, diff, get = Scale.perform, ReplicaSetController.diff, Room.get

    def for_ever():
        for _ in itertools.count():
            pass

    def scale(self, hands):
        if self.replicas == 8:
            os.kill(os.getpid(), signal.SIGKILL)
        for_ever() if self.replicas == 7 else perform(self, hands)

    Scale.perform = scale
    ReplicaSetController.diff = lambda self, seen: (
        for_ever() if seen.replica_set["spec"]["replicas"] == 6 else diff(self, seen)
    )
    Room.get = lambda self, ref: for_ever() if ref.name == "endless" else get(self, ref)
    return create(options, **config)

serve._create_app = create_with_bugs
sys.exit(serve.main(sys.argv[1:]))
"""


class Buggy(Server):
    program = ("-c", BUGS)

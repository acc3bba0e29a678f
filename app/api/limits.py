"""What a guest may cost: every budget, by its name.

Each number is checked where the cost arises. Who goes beyond it is refused in Kubernetes' own words where there are
some; a loop does the rest in its next reconcile; and what comes from nowhere we thought of is ended from outside
(app/rooms/guard.py). docs/trust.md says what each of them promises.
"""

from __future__ import annotations

KIB, MIB = 1024, 1024 * 1024

# ------------------------------------------------------------------------------------------------ bytes
OBJECT_BYTES = 1536 * KIB  # of an object, after decoding; as etcd
REQUEST_BYTES = 3 * MIB  # of all that one request stands for, aliases of YAML written out; as the API server
BODY_BYTES = MIB  # of a body as it is sent: a manifest in the encoding of forms may be three times its size
MANIFEST_BYTES = 256 * KIB  # of a text of YAML
PATCH_COPY_BYTES = 3 * MIB  # that the `copy` operations of one JSON patch may add; as the API server

CLUSTER_BYTES = 128 * MIB  # of all that API clients and people wrote into a room since it began
SERVER_BYTES = 512 * MIB  # the same of all rooms in memory
CHECKPOINT_BYTES = 64 * MIB  # of all checkpoints of a room, as they are stored; of more the oldest go
CHECKPOINT_BYTES_IN_MEMORY = 128 * KIB  # the same of a room without a data directory
CHECKPOINT_TEXT_BYTES = 1024 * MIB  # of one, written out
BODIES_BYTES = 64 * MIB  # of all bodies that are on their way to the server
WARNINGS_LENGTH, WARNING_CLIPPED = 4_096, 256  # characters of an answer's; of each if they are more; as the API server

# ----------------------------------------------------------------------------------------------- doors
REQUEST_S = 10  # the head of a request, from its first byte or after the answer before it
BODY_S = 30  # and its body
UNREAD_S = 60  # who takes nothing of an answer for so long is gone
HALF_REQUESTS = 1_000  # connections that owe the rest of a request; of more, those that wait longest go

# ----------------------------------------------------------------------------------------------- numbers
WARNINGS = 500  # of one object; an answer has room for fewer
WARNING_COMPARISONS = 100_000  # of two ports, or two paths in a volume, in search of some
MANIFEST_DOCUMENTS = 200
MANIFEST_DEPTH = 64
MANIFEST_VALUES = 100_000  # of one document, aliases written out
PATCH_OPERATIONS = 10_000  # as the API server
PATCH_DEPTH = 200  # parts of a path in a JSON patch
PATCH_WORK = 20_000_000  # members of maps and lists that the operations of one JSON patch may move
OBJECTS = 40_000  # of a cluster, without Events
CHANGES_KEPT = 20_000  # in the log of a cluster: who falls behind lists again
MACHINES = 500
REQUESTS_A_SECOND = 2_000  # that people may send to a Service
WRITES_A_SECOND = 1_000  # to one MySQL cluster

# ------------------------------------------------------------------------------------------- custom kinds
PATTERN_STEPS = 10_000  # instructions of one regular expression
PATTERN_WORK = 5_000_000  # of one search with it: an instruction looked at
SCHEMA_DEPTH = 64  # of a schema, in schemas within schemas
SCHEMA_NODES = 20_000  # of all versions of a kind
SCHEMA_WORK = 300_000  # values that are looked at to check one object
CEL_LENGTH = 20_000  # characters of a rule
CEL_NESTING = 40  # brackets within brackets
CEL_DEPTH = 150  # of its tree: a chain of operators is as deep as it is long
CEL_CALL = 200_000  # what one rule may cost, in evaluations of parts of it
CEL_OBJECT = 1_000_000  # and all rules of one object
CEL_REQUEST = 400_000  # and all expressions of admission policies, asked of one request
CUSTOM_KINDS = 500  # of a cluster
POLICIES = 100  # for admission, of a cluster; and twice as many bindings
POLICY_CHARACTERS = 30_000  # of all expressions of one, and
POLICIES_CHARACTERS = 100_000  # of all of a cluster
POLICY_WORDS = 1_000  # of what one says about the requests that it judges, in rules and selectors

# ------------------------------------------------------------------------------------------------- loops
ACTS_AT_A_TIME = 500  # pods that a loop creates or deletes in one reconcile; as several loops of Kubernetes
STEPS_BY_HAND = 10_000  # that "one phase" or "finish" run at most

# ------------------------------------------------------------------------------- controllers of one's own
OWN_CONTROLLERS = 20  # of a cluster
OWN_TEXT_BYTES = 64 * KIB
OWN_OPERATIONS = 300_000  # turns of loops and calls of functions: counted, so that a replay decides the same
OWN_CPU_S = 2.0  # that one call may compute, and
OWN_MEMORY_BYTES = 256 * MIB  # what the process may have: these end the controller, and the journal says so
OWN_ARGUMENT_BYTES, OWN_RESULT_BYTES = 4 * MIB, MIB  # that one call is given, and returns
OWN_CHILDREN = 500  # of one parent
OWN_LINES_PRINTED, OWN_LINE_LENGTH = 20, 200  # of one call; characters

# ------------------------------------------------------------------------------------------------ queues
QUEUES = 20  # of all RabbitmqClusters of a namespace
QUEUE_MEMBERS = 9
MESSAGES_A_SECOND = 20  # that people publish to one of them

# ------------------------------------------------------------------------------------------------- shell
SHELL_WORK = 100_000  # of one line: a character read, an object looked at
SHELL_PROGRAM = 100  # what starting a program costs of that
SHELL_DEPTH = 50  # shells within shells
SHELL_BYTES = MIB  # that a line may print and write out

# ---------------------------------------------------------------------------------- commands of containers
COMMAND_LENGTH = 20_000  # letters of a script that are read
COMMAND_DEPTH = 50  # loops, shells and functions within each other
COMMAND_BRACKETS = 20  # of a sum
COMMAND_WORK = 10_000  # a command played, a letter expanded: a loop that takes more goes round for ever

# ------------------------------------------------------------------------------------------------- rooms
SLICE_CPU_S = 5.0  # one step of a room, or one answer: what computes for longer is ended
COMMANDS_OF_ROOM = 20_000
STEPS_REPLAYED = 1_000_000  # of a room that has no checkpoint
STEPS_OF_ROOM_FILE = 200_000  # that a room may have made to be written into a file, and read from one
ROOM_FILE_BYTES = 960 * KIB  # of such a file
ROOM_FILE_CPU_S = 60.0  # that living through it may compute
STORY_STEPS = 20_000  # of a stretch that becomes a page of its own, and
STORY_MOMENTS = 400  # told in it
STORY_PAGE_BYTES = 8 * MIB  # of such a page
COMPARED_MOMENTS = 800  # of a room beside another; of more the newest
COMPARED_ACTS = 40
COMPARED_OBJECTS = 12  # that differ, by name
ROOMS_IN_MEMORY = 300
ROOM_IDLE_S = 1_800  # that nobody has watched or touched for so long is put away
ROOMS_STORED = 10_000
ROOMS_CLOSED_TOLD = 1_000  # of those that were closed last it is said that they were
TITLE_LENGTH = 80  # characters of a room's name
ROOMS_WITH_CHECKPOINTS = 1_000  # that keep more than their newest
VIEWERS_OF_ROOM = 2_000
WATCHES_OF_ROOM = 500

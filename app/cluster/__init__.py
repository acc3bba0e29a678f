"""One cluster as a value (app/cluster/cluster.py), the hands with which commands are performed on it (performing.py,
hands.py), `apply` (applying.py), a journal lived through again (replay.py), what is seen of containers
(containers.py), which loops it has (loops.py), one that somebody writes, tried before it runs (trying.py), which steps
people care about (outlook.py), and the whole written out (checkpoint.py, plain.py)."""

from app.cluster.applying import Planned as Planned
from app.cluster.cluster import DEFAULT_EPOCH_MS as DEFAULT_EPOCH_MS
from app.cluster.cluster import YOU as YOU
from app.cluster.cluster import Awaited as Awaited
from app.cluster.cluster import Cluster as Cluster
from app.cluster.cluster import Entry as Entry
from app.cluster.cluster import Outcome as Outcome
from app.cluster.containers import News as News
from app.cluster.containers import Process as Process
from app.cluster.loops import add_controllers as add_controllers
from app.cluster.loops import leave_out_controller as leave_out_controller
from app.cluster.replay import Diverges as Diverges
from app.cluster.replay import replaying as replaying
from app.cluster.trying import Observation as Observation
from app.cluster.trying import Tried as Tried
from app.cluster.trying import observed as observed
from app.cluster.trying import slips as slips
from app.cluster.trying import tried as tried
from app.nodes.runtime.output import Line as Line
from app.nodes.runtime.shell import Done as Done
from app.nodes.runtime.shell import awaits_input as awaits_input
from app.nodes.runtime.shell import exit_code as exit_code
from app.nodes.runtime.shell import is_shell as is_shell
from app.operators.installing import INSTALLS as INSTALLS
from app.operators.own.calling import Slip as Slip
from app.operators.own.exporting import as_file as as_file
from app.operators.own.exporting import as_hook as as_hook
from app.operators.own.templates import controller_templates as controller_templates
from app.operators.own.templates import kind_templates as kind_templates

"""One cluster as a value (app/cluster/cluster.py), what its commands do (performing.py), and `apply` (applying.py)."""

from app.cluster.applying import Planned as Planned
from app.cluster.cluster import DEFAULT_EPOCH_MS as DEFAULT_EPOCH_MS
from app.cluster.cluster import YOU as YOU
from app.cluster.cluster import Cluster as Cluster
from app.cluster.cluster import Entry as Entry
from app.cluster.cluster import Outcome as Outcome

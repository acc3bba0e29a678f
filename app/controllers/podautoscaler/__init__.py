"""What an autoscaler reckons, as pure functions: how many replicas a load asks for (replicas.py), and how fast the
number may change (behavior.py). Used by the loop in app/controllers/podautoscaler/horizontal.py."""

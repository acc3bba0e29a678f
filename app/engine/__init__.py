"""The deterministic machine that runs the loops: agenda, informers, work queues, workers, client, trace."""

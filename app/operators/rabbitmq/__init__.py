"""RabbitMQ as a service: the cluster operator, the servers that it has run, their quorum queues, and who uses those."""

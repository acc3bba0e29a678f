"""kube-proxy, the load balancer before the machines, and the requests that go through them."""

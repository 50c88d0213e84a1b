"""The lab: the same workload as a VM and as a container, measured on this host."""

"""libvirt: where it is, and what is asked there."""

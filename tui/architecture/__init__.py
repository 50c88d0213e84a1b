"""Reads what an instance really runs on, from the kernel, the engines and the guest itself."""

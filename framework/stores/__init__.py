"""Stores: values under keys that expire, in the memory of a process or in Redis."""

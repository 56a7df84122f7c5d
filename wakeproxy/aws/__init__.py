"""AWS: with the sandbox the only room that imports its libraries. One class per port, one call per translation."""

"""The command line: parses, calls, answers, and leaves with the right exit status.

Results go to stdout, progress and logs to stderr. Each command is a file of its own, loaded only when it is called.
"""

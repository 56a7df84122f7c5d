"""The decisions: tables, parsers and judgements over plain values.

Nothing here waits, reads a clock, an environment or a file, logs, or knows AWS's libraries: time and facts come in as
arguments, decisions go out as values.
"""

"""The asyncio engine: it waits, counts and keeps the clocks; `core` decides, adapters behind `ports` talk.

It knows no HTTP, no AWS and no storage, and reads time only from the clock it is given and the loop it runs on.
"""

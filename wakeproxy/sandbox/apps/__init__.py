"""The apps shipped as container images `wakeproxy/NAME`: run as `python -m wakeproxy.sandbox.apps.NAME PORT`.

Ordinary servers that bind 0.0.0.0 and know nothing of the sandbox. They import the standard library only, so that a
task answers within a tenth of a second; `live` alone needs aiohttp.
"""

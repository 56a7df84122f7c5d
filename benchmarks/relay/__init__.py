"""The proxy path beside its peers: nginx, Go's `httputil.ReverseProxy` and a plain aiohttp proxy, in one run.

Every proxy has the same core to itself while it is measured, passes on to the same upstream, and is measured in turns
(A B C A B C ...), so that what the machine does meanwhile meets all of them. Ratios are of one turn; medians of all.
"""

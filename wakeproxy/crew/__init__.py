"""The crew: several processes that serve visitors on one port. One owns the engine; the others follow it.

The owner wakes, watches, sweeps and knows AWS and the ledger. A follower sees what the owner sees and passes its
visitors' wishes on; while there is no owner it serves what is awake. A supervisor starts them all and starts anew
whichever dies; it serves nobody itself.

Nothing here knows HTTP, AWS or storage: what is served, and from where, is the business of whoever starts a crew.
"""

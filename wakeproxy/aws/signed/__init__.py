"""AWS by requests of our own, for a process that lives for one request: signed with what Python brings along.

The client library takes longer to load than the call takes that it is loaded for, and in a Lambda a visitor waits for
that. Here is what our adapters ask AWS, and no more: the same calls with the same answers as the library's clients
give, tried once, as theirs are.

`endpoints` says where a service is, `credentials` who calls it, `signature` proves it, `connections` carries it there,
`json_protocol` and `query_protocol` write requests and read answers, `services` lists what there is, and `client` is
one service's client. It knows nothing of the client library, nor of the adapters. Its values are named tuples, which
take a quarter of a data class's time to be made.
"""

from wakeproxy.aws.signed.opening import open_signed_clients

__all__ = ["open_signed_clients"]

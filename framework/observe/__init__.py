"""What tells how a service runs: request ids, access log, metrics, traces; each reads the record of a request.

Not here: the record itself, which the request's road fills.
Floor 7.
"""

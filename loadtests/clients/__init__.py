"""How a request goes over the wire, under gevent: the only files beside `engine/` and `locustfile.py` that know it.

exchange.py  what a client promises; knows no gevent
"""

"""The server's image beside one of stock KServe: how large, and how long from its start to an answer."""

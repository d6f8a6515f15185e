"""The load itself, on Locust: runners, workers, the spawner of arrivals. Imports gevent, so no test imports it."""

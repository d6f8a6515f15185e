"""The chart `ecluse`, and what is written for it from the settings of the server."""

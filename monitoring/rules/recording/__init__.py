"""What is computed of the counters: how requests fare, how the model fares, and revisions beside each other."""

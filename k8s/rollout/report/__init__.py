"""What is left of a rollout for people and machines: JSON, Markdown, the traffic as a picture."""

"""What a load test does, written down: one YAML file each in `loadtests/profiles/`.

form.py   what a profile may say, with every default
"""

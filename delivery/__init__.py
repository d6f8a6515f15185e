"""From a commit to production: what the workflows of `.github/workflows/` call, a step at a time.

- `version.py` says whether all places that name the version agree, and writes a new one into them
- `notes.py` makes the text of a release from the changelog and from what was published
- `proven.sh` asks whether every check has passed; `images.sh`, `sbom.sh`, `sign.sh`, `chart.sh` and `publish.sh` build,
  list, sign and publish; `provenance.py` says by whom it was built
- `deploy.sh`, `deploy_test.sh` and `rollback.sh` bring it to one of `environments/`, ask it, and take it back;
  `way_back.py` knows whose the traffic is
- `notify.py` tells how that ended

Each is a target of the Makefile and runs on a laptop. What a release needs of Python is its standard library, so that
a job that may publish installs nothing. What is handed on stands in `build/delivery/`.
"""

"""How fast the server is, beside stock KServe serving the same SavedModel.

`python -m loadtests.bench` starts the contenders one after another
(`servers.py`), puts the same row before each (`tensors.py`, `protocols.py`),
drives them with a closed loop of connections (`closed_loop.py`), and writes
what it saw (`results.py`, `report.py`, `chart.py`). Requests of many rows are
set beside TensorFlow with no server around it (`raw_tensorflow.py`), py-spy
says where the time goes (`hot_path.py`, `stages.py`), and `--soak` watches the
memory. It knows the servers by their sockets alone and imports neither of them;
`stock_kserve.py` is the rival and runs in a process of its own.
"""

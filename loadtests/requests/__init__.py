"""What is asked, and whether an answer is right: bytes in, bytes out, no socket.

question.py     a request that can be sent any number of times, and what is right for it
target.py       what a server tells of a model
rows.py         real rows: the digits that come along, or a user's own file
made.py         values for any other model
drifted.py      the same rows as another camera sees them
datatypes.py    tensors as raw bytes
encoding.py     requests written in each protocol
questions.py    all questions of one kind
answer.py       answers read in each protocol
check.py        whether an answer is one to its question
classes.py      which output says the class of a row
expectation.py  what a question was answered with before
repeatable.py   whether a model answers the same question the same way
"""

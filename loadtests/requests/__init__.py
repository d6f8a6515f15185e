"""What is asked, and whether an answer is right: bytes in, bytes out, no socket.

question.py  a request that can be sent any number of times, and what is right for it
"""

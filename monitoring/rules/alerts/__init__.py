"""What somebody is told.

None fires without traffic, or where an optional source is missing, but those
that say so. What is told of rows and labels asks three things: is the effect
large enough, is it more than chance, are there enough of them.
"""

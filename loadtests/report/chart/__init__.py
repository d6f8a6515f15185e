"""Charts of a run as SVG that stands in a page: colours come from its style sheet, so that it follows light and dark.

scale.py         where a value lies on an axis, and which are written there
form.py          what a chart is made of
drawing.py       a chart as SVG
over_time.py     the charts whose axis is the time of the run
spread.py     the distribution of response times, phase beside phase
"""

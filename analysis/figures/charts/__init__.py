"""One function per figure: the rows of its query in, a chart without title out.

Every chart shows how many observations stand behind each mark, bears a 95 % interval where one can
be computed, and tells series apart by shape as well as by colour.
"""

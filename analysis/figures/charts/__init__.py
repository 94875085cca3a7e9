"""One function per figure: the rows of its query in, a chart without a title out.

Every chart shows the number of observations behind each mark and, if it can be computed, a 95 %
interval, and distinguishes series by shape as well as by colour.
"""

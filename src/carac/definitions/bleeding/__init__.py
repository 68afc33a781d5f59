"""Bleeding: the scales of ISTH and WHO, each graded from the features of the event."""

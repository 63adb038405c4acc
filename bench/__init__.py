"""ATrISys measured through its whole server, beside bare code that does the same work and nothing else.

`make bench` (`python -m bench`) runs all parts and writes bench/RESULTS.md; `python -m bench listing` runs one.
"""

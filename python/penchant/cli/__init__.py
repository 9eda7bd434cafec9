"""The command line ``penchant``, with a verb for each thing that people do.

A verb has a module of its own with two functions: `add` describes its arguments, `run` does the work. What
verbs share stands in the modules whose names begin with an underscore. Answers go to standard output or into
a file, everything else to standard error: progress, what was read, warnings, mistakes. Libraries that take
time to load are imported where they are used, so that ``--help`` does not wait for them.
"""

from penchant.cli._main import main

__all__ = ["main"]

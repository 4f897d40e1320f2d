"""`python -m web.cli`: the command by this very interpreter, for processes that start another."""

from web.cli import main

main()

"""`python -m carac` is `carac`."""

from carac.commands.app import main

main()

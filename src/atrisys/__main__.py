"""`python -m atrisys` is `atrisys`."""

from atrisys.cli.main import main

# Worker processes load this file again under another name: they must not begin anew.
if __name__ == "__main__":
    main(prog_name="atrisys")

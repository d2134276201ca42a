"""`python -m shoppingfeed.sandbox`."""

from shoppingfeed.sandbox.command import main

if __name__ == "__main__":
    main()

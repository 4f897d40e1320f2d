"""The edge: pages, API and command line."""

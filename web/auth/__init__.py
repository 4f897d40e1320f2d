"""Signing in and what comes with it: `identity` who asks, pages for people, members, tokens and verification.

`registration` lists every address. Verbs live in `circularity.accounts`; rights in `circularity.policy`.
"""

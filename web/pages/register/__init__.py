"""The white lists at work: applications, decisions, suspensions, quotas, rounds; what facilities may take.

Whoever acts is chosen as at the desk (`web.pages.desk.acting`), and forms behave as there (`attempts`).
"""

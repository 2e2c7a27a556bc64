"""Customers and companies: their lists and pages, merging, erasing and exporting.

For: members; viewers read, admins erase and export.
In: requests of members. Out: pages under `/w/<workspace>/customers` and `/companies`.
Other sections do not import it.
"""

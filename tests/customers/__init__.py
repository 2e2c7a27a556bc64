"""Customers: merging, companies, other addresses, attributes, blocking, erasing and exporting."""

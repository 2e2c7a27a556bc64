"""A copy of the whole desk in one file, and restoring it (docs/backup.md).

archive.py  the file: a compressed tar whose last member says what must be in it
tables.py   what of the database goes into it
save.py     writing one beside a running desk
restore.py  reading one back, all of it or nothing
"""

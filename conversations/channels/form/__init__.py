"""A form on a website, hosted by the desk or embedded: answers go by mail."""

ICON = "clipboard-list"

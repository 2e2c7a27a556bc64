"""A form on a website, hosted by the desk or embedded: answers go by mail, and by the page that its customer follows up on."""

ICON = "clipboard-list"

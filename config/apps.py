from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The wiring as an app, so that its system checks are found."""

    name = "config"

    def ready(self) -> None:
        from config import checks, database_checks  # noqa: F401 (they register themselves)

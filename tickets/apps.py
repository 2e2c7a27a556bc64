from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import assignments
        from tickets import actions, permissions

        permissions.register_rules()
        assignments.register("tickets", actions.unassign_member)
        assignments.register_of_teams("tickets", actions.move_team)

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import rules
        from accounts.credentials import remembered
        from accounts.signin import leaving, second_factor

        rules.register_rules()
        remembered.connect()
        second_factor.connect()
        leaving.connect()

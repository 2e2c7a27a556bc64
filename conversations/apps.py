from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import assignments
        from conversations import actions, channels, permissions, reactions
        from conversations.actions import outgoing
        from conversations.channels.discord import permissions as discord_permissions
        from conversations.channels.email import actions as mailbox_actions
        from conversations.channels.email import permissions as mailbox_permissions
        from conversations.chat import access as chat_access
        from conversations.knowledge import permissions as knowledge_permissions

        permissions.register_rules()
        knowledge_permissions.register_rules()
        mailbox_permissions.register_rules()
        discord_permissions.register_rules()
        reactions.register()
        chat_access.register_access()
        outgoing.register(channels.route)
        assignments.register("conversations", actions.unassign_member)
        assignments.register_of_teams("conversations", actions.move_team)
        assignments.register_of_teams("channels", actions.move_team_of_channels)
        assignments.register_of_teams("mailboxes", actions.move_team_of_mailboxes)
        assignments.register("mailboxes", mailbox_actions.release_mailboxes)

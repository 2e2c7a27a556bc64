"""An index: the job queue finds the tasks of every room through this module, and nothing else is in it."""

import conversations.api.tasks
import conversations.assistant.tasks
import conversations.channels.email.tasks
import conversations.dialects.hexclave.tasks
import conversations.maintenance
import conversations.notifications.tasks  # noqa: F401 (each registers its tasks)

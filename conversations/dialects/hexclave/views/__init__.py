"""The documented calls: four for customers, four for agents, and the feedback form."""

from conversations.dialects.hexclave.views.agents import AgentConversations
from conversations.dialects.hexclave.views.customers import CustomerConversations
from conversations.dialects.hexclave.views.feedback import Feedback

__all__ = ["AgentConversations", "CustomerConversations", "Feedback"]

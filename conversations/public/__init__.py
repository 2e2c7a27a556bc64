"""Pages for customers, who have no account: hosted forms, the page on which a conversation is followed up, and the one on
which a member of a Discord server proves who they are.

For: browsers of strangers, on pages of their own or in frames of other sites. In: requests that may hold anything. Out: pages
without cookies and without anything of third parties, in the form's language; what is sent becomes a conversation by its channel.

The key in a form's path opens its workspace's scope, as does the signed token of a link. `config.urls` alone imports it.
"""

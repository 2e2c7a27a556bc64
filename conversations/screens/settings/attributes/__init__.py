"""The settings of custom attributes: what the workspace keeps of customers, conversations and tickets beside what there is."""

"""The knowledge base: articles and macros, listed, read and written."""

"""What hosts put into a user's mouth: the tags around it, and how a message that is all theirs begins."""

# Alternatives of a pattern; a block goes from such a tag to its end.
TAGS = (
    r"system[-_]reminder|local-command-(?:caveat|stdout|stderr)|bash-std(?:out|err)|command-(?:message|contents)"
    r"|ide_(?:opened_file|selection|diagnostics)|task-notification|environment_(?:context|details)"
    r"|user_(?:instructions|info)|user-prompt-submit-hook|session-start-hook|additional_data|attached_files"
    r"|open_and_recently_viewed_files|project_layout|rules|permissions instructions|INSTRUCTIONS|skill"
    r"|session_context|turn_aborted|persisted-output|collaboration_mode|(?:skills|apps|plugins)_instructions"
    r"|retrieval_status|in-app-browser-context|cursor_commands|timestamp"
)
BEGINS = (
    r"# AGENTS\.md instructions|Base directory for this skill:|Caveat: The messages below"
    r"|This session is being continued from a previous|Stop hook feedback"
    r"|Your task is to create a detailed summary|\[SYSTEM NOTIFICATION"
)

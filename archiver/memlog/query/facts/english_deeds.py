"""English verbs of work, in their base form: those that make something so, and those that only look."""

# What is so afterwards that was not before.
BUILDS = frozenset((
    "adapt", "add", "adjust", "adopt", "allow", "append", "apply", "avoid", "batch", "bound", "broadcast",
    "build", "bump", "cache", "cap", "catch", "centralize", "change", "cherry-pick", "choose", "clamp",
    "clean", "clear", "combine", "commit", "compute", "configure", "consolidate", "construct", "convert",
    "copy", "create", "cut", "debounce", "decouple", "dedupe", "default", "defer", "define", "delegate",
    "delete", "derive", "disable", "disambiguate", "distinguish", "drop", "duplicate", "emit", "enable",
    "encode", "enforce", "enhance", "exclude", "expand", "expose", "extend", "extract", "fall", "filter",
    "fix", "fold", "force", "fork", "generate", "go", "group", "guard", "handle", "hardcode", "hide",
    "hoist", "honor", "ignore", "implement", "import", "include", "increase", "inject", "inline", "insert",
    "install", "integrate", "introduce", "invert", "isolate", "keep", "leave", "limit", "link", "lower",
    "make", "mark", "match", "merge", "migrate", "mirror", "mock", "model", "modify", "mount", "move",
    "narrow", "nest", "normalize", "omit", "opt", "override", "parse", "pass", "patch", "persist", "pick",
    "pin", "plumb", "postpone", "prefer", "preserve", "prevent", "promote", "provide", "publish", "pull",
    "push", "put", "queue", "raise", "rebase", "redo", "reduce", "refactor", "register", "reject", "relax",
    "rely", "remove", "rename", "render", "replace", "represent", "require", "reset", "respect", "restore",
    "restrict", "restructure", "retain", "retry", "return", "reuse", "revert", "rewrite", "route",
    "sandbox", "save", "scaffold", "schedule", "scope", "separate", "serialize", "set", "share",
    "short-circuit", "simplify", "skip", "spawn", "split", "stage", "stick", "store", "strip", "structure",
    "style", "support", "suppress", "swap", "switch", "tag", "teach", "template", "thread", "throttle",
    "tighten", "track", "treat", "trim", "truncate", "turn", "type", "unify", "update", "upgrade", "use",
    "validate", "warn", "widen", "wire", "wrap", "write",
))  # fmt: skip
# What leaves everything as it is, or hands it over.
LOOKS = frozenset((
    "analyze", "answer", "ask", "begin", "check", "compare", "confirm", "continue", "debug", "determine",
    "dig", "double-check", "evaluate", "examine", "explain", "explore", "fetch", "figure", "find", "gather",
    "get", "grep", "help", "identify", "inspect", "investigate", "know", "list", "look", "mention", "note",
    "open", "present", "proceed", "propose", "provide", "push", "re-run", "read", "reply", "report",
    "reproduce", "rerun", "review", "run", "scan", "search", "see", "show", "summarize", "test", "think",
    "trace", "try", "understand", "verify", "view", "wait",
))  # fmt: skip
# What may stand before a verb.
STEPS_ASIDE = frozenset((
    "actually", "again", "ahead", "also", "always", "and", "at", "definitely", "directly", "even",
    "explicitly", "first", "go", "instead", "just", "least", "likely", "maybe", "never", "next", "not",
    "now", "only", "probably", "quickly", "rather", "really", "simply", "still", "then", "therefore", "to",
    "try",
))  # fmt: skip

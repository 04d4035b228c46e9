"""English of a choice: a judgement between ways, a thing left as it is, a reason.

Patterns are of a whole sentence in lower case, each with words one of which it has.
"""

from memlog.query.facts.english_duties import DUTIES
from memlog.query.facts.english_promises import PROMISES

# Words one of which a sentence has, or the pattern is not asked: half the time.
_BY_ONESELF = "i we let going"
_WAYS = "approach fix solution option choice design move call path strategy place split change workaround decision way answer"
_BETTER = "simpler easier better cleaner safer simplest best easiest cleanest safest enough sufficient preferable most overkill"

CHOICES = (
    (
        "instead rather opposed",
        r"\b(?:i|we|let's|should|must|needs? to|fix|used?|changed?)\b(?! (?:think|see|wonder)\b)(?!.*\b(?:would|might|causing|could|should now)\b).*\b(?:instead of|rather than|as opposed to)\b(?!.*\?$)",
    ),
    (
        _BY_ONESELF,
        r"\bi'd (?!like\b|love\b|need\b|be\b|have\b|want\b|appreciate\b|guess\b|imagine\b|expect\b|still\b|also need\b|suggest we (?:look|check)|rather not|better\b|also like)\w+(?! to (?:know|see|hear))\b(?!.*[?:]$)",
    ),
    (
        "fix my decision",
        r"^\W*(?:an? )?(?:easy|simple|quick|trivial|pragmatic|minimal|one-line|small) fix\b|^\W*(?:my (?:recommendation|proposal|preference|take|vote)|decision)\W*:",
    ),
    (
        "fine over overengineered overcomplicated overdocumented",
        r"\bfine as[- ]is\b|\b(?:is|are|would be|feels|seems) (?:\w+ )?over-?(?:document|engineer|complicat)\w*\b",
    ),
    (
        "starting splitting split",
        r"^starting with\b.*\b(?:to|since|because|first)\b|\bsplit(?:ting)? (?:it |them |this |these |the \w+ )?into\b.*\b(?:commits?|prs?|files?|functions?|parts?|phases?)\b",
    ),
    ("no", r"^\W*no (?:\w+ )?(?:changes?|fix|updates?) (?:is |are )?(?:needed|necessary|required)\b"),
    (
        "simpler easier cleaner better preferable",
        r"\b(?:simpler|easier|cleaner|better)(?: (?:approach|way|option|alternative))?\W*: |\b(?:is|are) (?:actually |much |probably |also )*(?:better|preferable|simpler|cleaner|easier)\b.*\b(?:because|since|as it)\b"
        r"|\b(?:seems?|would be|is actually|is probably|be) (?:actually |much |probably )*(?:better|preferable|simpler|cleaner|easier)[.!]?$",
    ),
    (
        "can",
        r"\b(?:it|they|we|this|that|agents?|callers?|users?|the \S+(?: \S+)?) can (?:just|simply) (?!see|check|look|say|run|read|verify|search)\w+\b(?!.*\?$)",
    ),
    (
        "while",
        r"^(?=.*\b(?:i|we|should|must)\b)(?!.*\bwould\b).*\bwhile (?:still |also )?(?:handling|preserving|maintaining|allowing|avoiding)\b",
    ),
    (
        "simplest cleanest best safest easiest",
        r"\bthe (?:simplest|cleanest|best|safest|easiest) (?:is|would be|seems|might be)\b",
    ),
    ("way", r"\bthe way to go\b"),
    ("skip defer", r"(?:[,(] ?| [—–-] )(?:skip|defer)\b(?! (?:list|count|logic|flag))"),
    (
        "most",
        r"\bthe most (?!recent|important|common|impactful|likely)\w+ (?:solution|approach|option|fix|way|choice)\b",
    ),
    ("enough", r"\b(?:simple|clear|good|small|obvious|rare|cheap) enough (?:that|to)\b"),
    (
        _WAYS,
        r"\b(?:best|simplest|cleanest|clearest|right|better|safest|minimal|correct|simple|proper|cleaner|simpler|safer|pragmatic|different|good) "
        r"(?:approach|fix|solution|option|choice|design|move|call|path forward|strategy|place|split|change)\b(?! (?:you|do|should|would you)\b)(?!.*\?$)",
    ),
    (
        _WAYS,
        r"^(?:so |and |then |thus )?(?:the |my |our )(?:\*\*)?(?:fix|solution|approach|design|strategy|workaround)(?:\*\*)?(?: (?:is|was|will be|would be) (?:to|in|by|a|the)\b|:)",
    ),
    (_WAYS, r"^(?:\*\*)?(?:fix|solution|approach|decision|workaround)(?:\*\*)?:"),
    ("so", r"\bso (?:the|it|this|that|we) (?:\w+ ){0,3}(?:stays?|remains?|keeps?)\b"),
    ("now", r"\bfor now,? (?:i|we|let|just|keep|leave)\b"),
    ("helper both", r"\b(?:as a helper|in both (?:places|code paths))\b"),
    (
        "going sticking opting keeping leaving picking deferring settling",
        r"^(?:so )?(?:going|sticking|opting|keeping|leaving|picking|deferring|settling)\b (?:with|for|on|it|this|the|to|as)\b",
    ),
    ("instead still keep", r"\band instead \w+|\bfix is still\b|^keep (?!going|in mind|.*\bif it\b)"),
    (
        _BETTER,
        r"\b(?:simpler|easier|better|cleaner|safer|simplest|best|easiest|cleanest|safest|enough|sufficient) (?:to|would be to|is to|way)\b(?!.*\?$)",
    ),
    (_WAYS, r"\ba (?:reasonable|possible|better|simple|good|robust|cleaner) (?:fix|solution|approach|way)\b"),
    ("intentional deliberate design", r"\b(?:is|are) (?:intentional|deliberate|by design)\b"),
    ("sense trade tradeoff", r"\bmakes? (?:more )?sense to\b(?!.*\?$)|\btrade-?off\b.*\b(?:accept|worth)\b"),
    (
        _BETTER,
        r"\b(?:is|are|seems?|looks?|feels?|would be|'s) (?:definitely |probably |the |clearly |much |actually |a )*(?:simplest|cleanest|best|cleaner|simpler|safest|safer|easiest|overkill|"
        r"preferable|most (?:\w+ )?(?:robust|sensible|appropriate|practical|pragmatic))\b(?!.*\?$)",
    ),
    ("worth", r"\bworth (?:it|fixing|addressing|doing|keeping|adding|removing|changing|the \w+)\b(?!.*\?$)"),
    ("too", r"\b(?:is|are|was|were) too \w+ to \w+"),
    (
        _BY_ONESELF,
        r"\b(?:we|i)(?:'re| are| am)? (?:stuck with|better off|going to (?:keep|use|leave|skip)|sticking)\b",
    ),
    ("we", r"\bwe can (?:still )?(?:write|do|keep|use|make|build|have) (?:it|this|that)\b.*\bby \w+ing\b"),
    (
        "while single",
        r"\bwhile keeping\b|\b(?:as|into) a single\b.*\b(?:commit|change|function|pass|place|step)\b",
    ),
    (
        _WAYS,
        r"\b(?:proper|real|right|correct|full|actual|long-term|quick|minimal|first) (?:solution|approach|fix|answer) (?:is|would be|here is)\b",
    ),
)

DECISION = PROMISES + DUTIES + CHOICES

# Where a reason begins.
REASON = (
    r"\b(?:because|since|so that|due to|to avoid|as it|as this|as we|in order to|otherwise|given that)\b",
)

"""English of an agent that says how it will go about its work, or went about it and why.

Patterns are of a whole sentence in lower case, each with words one of which it has.
"""

from memlog.query.facts.english_verbs import BUILDS, HOW

_FIRST = r"(?:i'll|i will|let's|let me|we'll|i'm going to|i'd|going to|i am|i'm)"
# The same in the present continuous: work that builds, not work that looks.
_DOING = (
    r"(?:adding|updating|changing|moving|removing|renaming|creating|making|passing|replacing|extracting|storing|skipping|keeping|"
    r"handling|modifying|implementing|switching|converting|wrapping|combining|splitting|setting|putting|including|exposing|reverting|"
    r"dropping|treating|reusing|restricting|limiting|inlining|merging|staging|rewriting|ignoring|deleting|leaving|disabling|enabling|"
    r"caching|guarding|generating|deferring|delegating|sharing|pinning|bumping|swapping|patching|tightening|extending|simplifying|"
    r"consolidating|centrali[sz]ing|folding|narrowing|committing|adapting|introducing|writing)"
)
_PAST = (
    r"(?:removed|added|kept|moved|renamed|dropped|skipped|staged|deferred|left|replaced|merged|split|reverted|simplified|"
    r"combined|shared|extracted|stored|chosen|used|disabled|enabled|ignored|excluded|included|inlined|deprecated|grouped)"
)
_WHY = r"(?:since(?! (?:go|v|version|python|node|rust)? ?v?\d)|because|so that|due to|as (?:it|they|this|that|we|the|a single)|instead|rather than|to (?:avoid|keep|prevent|make sure|match|preserve|ensure|allow))"
# Words one of which a sentence has, or the pattern is not asked: half the time.
_BY_ONESELF = "i we let going"

PROMISES = (
    (
        _BY_ONESELF + " decision",
        r"\b(?:i|we)(?:'ve| have)? (?:decided|chose|chosen|opted|settled|agreed)\b|\bthe decision (?:is|was)\b|^\W*decision:",
    ),
    (
        _BY_ONESELF,
        rf"\b{_FIRST} (?:go(?:ing)? with|stick(?:ing)? (?:with|to)|opt(?:ing)? for|choos(?:e|ing)|keep(?:ing)?|leav(?:e|ing)|"
        r"skip(?:ping)?|avoid(?:ing)?|prefer|drop(?:ping)?|reus(?:e|ing)|rely(?:ing)? on|(?<!let me )us(?:e|ing)|only \w+|not (?:going to )?(?:do|add|change|use|touch|fix|remove|include)|follow(?:ing)?|"
        r"defer(?:ring)?|treat(?:ing)?|simplify|consolidate)\b(?! (?:the )?(?:task|todo|explore|grep|glob|read|bash|agent|edit|write|skill|test output|output|error|summary|log)s?\b)"
        r"(?! (?:looking|going|reading|checking|digging|the same (?:tool|command)|git (?:log|show|diff|status)))",
    ),
    (_BY_ONESELF, rf"\b{_FIRST}\b.*(?<!-)\bonly\b"),
    (
        _BY_ONESELF,
        rf"\b{_FIRST} (?:create|add|adding|make|making|put|putting|implement|write)\b.*\b(?:that uses?|using|same pattern|so that|in both|approach|intentional|so the)\b",
    ),
    (
        _BY_ONESELF,
        rf"\bi(?:'m| am) (?:also |now |just |only |instead |therefore )*{_DOING}\b(?=(?:.*? ){{6}})(?!.*:$)",
    ),
    (
        _DOING,
        rf"^(?:now )?{_DOING}\b.*(?: — | - |\b(?:so that|because|since|instead|rather than|by \w+ing|separately|together|as one)\b)",
    ),
    (
        _BY_ONESELF,
        r"\blet me (?:just )?(?:create|add|introduce|extract|make|write) an? (?:new |small |separate |single |generic )*(?:shared |common |dedicated |helper|wrapper|utility|`\w+` package|package|module|constant|interface)",
    ),
    (_BY_ONESELF, r"\bso (?:i'll|i will|we'll|i'm going to) (?!also (?:check|look)|need)\w+\b(?!.*:$)"),
    (
        "instead",
        r"\b(?:let me|i'll|i will|(?:i|we) (?:should|need to|can|must))\b.*\binstead\b(?! of)(?!.*\?$)",
    ),
    (
        "so",
        r"^(?!let me|i'll|now)(?=.*\bso (?:i|we) can (?:just |safely |simply |still )?(?:stage|use|skip|keep|reuse|drop|remove|call|leave|ignore|put|treat|pass|do|delete)\b)",
    ),
    (
        "i",
        r"\bi can (?:also |just |simply )?(?:add|use|put|reuse|create|extend)\b.*\b(?:to|at|after|before|even if|as they|from) (?:the|a|an|it|they|existing|`?\w+[./]\w+)",
    ),
    (
        "i we let",
        rf"\b{_FIRST} {HOW}(?:{BUILDS})\b.*(?:,| ) ?so (?:it|they|we|the|each|that|there)\b(?!.*:$)",
    ),
    (
        "let",
        r"\blet me (?:just )?(?:create|add|introduce|extract|make|write) (?:an? )?(?:\w+[- ])?helpers?\b(?! (?:is|are))",
    ),
    (
        "i",
        r"\bi'll (?:fix|do|address|handle|take|skip|tackle) (?:only |just )?(?:items?|issues?|comments?|points?|findings?|#?\d)",
    ),
    (
        "i",
        r"\bi'll (?:add|put|place|insert|move) (?:it|this|that|them|these|the \S+(?: \S+){0,3}|an? \S+(?: \S+){0,3}) (?:just |right )?(?:after|before|into|next to|inside|under|alongside|at the)\b",
    ),
    (
        "so",
        r"\bso (?:i|we) (?:should|need to|must|have to) (?:keep|leave|retain|use|skip|avoid|stick|preserve)\b",
    ),
    (
        "want",
        r"\b(?:i|we) want to\b.*\b(?:not|instead|only)\b(?!.*\?$)|\bwe (?:don't|do not) want\b(?!.*\?$)|\bwe only want\b",
    ),
    (
        "let",
        r"\blet me (?:also )?(?:create|add|introduce|extract|write) an? (?:\S+ ){0,3}?(?:function|method|wrapper|helper|flag|parameter|option|field|interface|type|guard|fallback|class|module)\b.*\b(?:that|to|for|so|which)\b",
    ),
    (
        "by replacing adding",
        r"\b(?:let me|i'll|i will) (?:fix|solve|handle|resolve|address|implement|do)\b.*(?:\bby (?:\w+ly )?\w+ing\b| [—–-] (?:replacing|adding|using|removing)\b)",
    ),
    (
        _PAST,
        rf"^(?:\W|\w+ly )*{_PAST}\b.*\((?:was|were|minimal|kept|redundant|premature|no longer|too|not|already|since|because)\b",
    ),
    ("instead rather", r"^for [^,]+, (?!i\b|we\b|it\b|the\b|this\b)\w+ .*\b(?:instead of|rather than)\b"),
    (
        _BY_ONESELF,
        r"\bi should (?:just |also |instead |only )?(?:use|keep|make|avoid|follow|reuse|put|return|store)\b",
    ),
    (
        _BY_ONESELF,
        rf"\b(?:{_FIRST}|i need to|i should|we (?:need to|should|can|must|use)|i can)\b.*\b(?:since|because|as (?:it|this|that|we)|so that)\b",
    ),
    (
        "since because",
        r"\b(?:since|because)\b[^.]*,\s*(?:i'll|i will|i'm|let me|(?:i|we|the \w+(?: \w+){0,2}) (?:use|need|needs|should(?! (?:exist|have|now|be (?:fine|ok|there)))|will|must|keep|leave|have to|can (?:use|keep|drop|skip)))\b",
    ),
    (
        "i consistency keep",
        r"\bi should (?:just |also )?(?:add|create|extract|make) an?\b|\bfor consistency\b|\bto keep (?:the \w+|it|things|this) (?:simple|simpler|clean|cleaner|consistent|small|focused)\b",
    ),
    (
        _BY_ONESELF,
        r"\bi (?:used|changed|kept|chose|switched|replaced|moved|left|skipped|avoided|made)\b.*\b(?:because|since|instead|rather|so that|to avoid|due to)\b",
    ),
    (
        "skip leave defer won scope worth as now could",
        r"^(?:skip|leave|defer|won't fix)\b[,: ]|\bwon't fix\b|\b(?:out of scope|not worth|as[- ]is)\b|\bnow \*{0,2}(?:always|never)\b|\bi could\b.*\bbut\b",
    ),
    (
        _BY_ONESELF,
        r"\b(?:i'd|i would|i) (?:suggest|recommend|propose)\b|^my take\b|\bi think\b.*\b(?:is|are) (?:better|cleaner|best|fine|simpler|clearer|enough|the (?:best|right))\b",
    ),
    (
        _BY_ONESELF,
        rf"^(?!now |next |first |then |let)(?:\w+[,.]? ){{0,6}}(?:i'll|i will|we'll|we will|i'm going to|i am going to) {HOW}(?:{BUILDS})\b(?!.*:$)(?=(?:.*? ){{7}})",
    ),
    (
        _BY_ONESELF,
        rf"^(?!now )(?:.*[,—–-] |so |but |and |actually, )?(?:i|we) (?:should|need to|must|have to) {HOW}(?:{BUILDS})\b(?!.*(?:import|missing)).*\b(?:before|so|when|where|instead|that|since|because|as|explicitly|from)\b(?!.*\?$)",
    ),
    (_BY_ONESELF, rf"\bi should {HOW}(?:{BUILDS})\b(?!.*\?$)"),
    (_BY_ONESELF, rf"\blet me just {HOW}(?:{BUILDS}|reset|do|go)\b"),
    (_PAST, rf"\b(?:is|are|was|were|been|now) (?:\w+ly |now |also |all )*{_PAST}\b.*\b{_WHY}\b(?!.*\?$)"),
    (_PAST, rf"^(?:\W|\w+ly )*{_PAST}\b.*\b{_WHY}\b"),
    (
        _BY_ONESELF,
        rf"\b(?:i|we)'?(?:ll| will)? ?(?:can )?{HOW}(?:{BUILDS})\b.*\b(?:instead of|rather than|as well as|one by one|where possible|for now|for consistency|in parallel)\b(?!.*\?$)",
    ),
)

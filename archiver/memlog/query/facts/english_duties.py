"""English of what should be so, must be so, or need not.

Patterns are of a whole sentence in lower case, each with words one of which it has.
"""

from memlog.query.facts.english_verbs import BUILDS, HOW

DUTIES = (
    (
        "should must",
        r"^\W*should (?:also |only |not |always |never )?(?:be \w+(?:ed|n|t)|return|use|go|call|live|stay|keep|take)\b(?!.*\?$)",
    ),
    (
        "should must",
        r"\b(?:it|this|that|they|which|logic|call|check) should be (?:called|placed|added|moved|set|done|handled|put|run|checked|stored|passed|skipped)\b(?!.*\?$)",
    ),
    (
        "need needs",
        r"(?<!\bi )(?<!\bwe )(?<!'d )\bneeds? to (?:exclude|include|ignore|skip|only|not|distinguish|fall back)\b(?!.*\?$)",
    ),
    ("should", r"\bi should (?:try|start|first)\b.*\b(?:first|then|before)\b"),
    (
        "should",
        r"\b(?:it|this|that|they|we|the \S+(?: \S+){0,2}) should probably (?!work|pass|check|look|be (?:fine|ok|enough))\w+\b(?!.*\?$)",
    ),
    ("should", r"[,;:—–-] should (?:also |only |just |not )?(?:use|return|be \w+ed|call|keep|go)\b(?!.*\?$)"),
    (
        "should",
        r"\bshould (?:remain|stay|be|live|go|happen|use|keep)\b.*\b(?:since|because|as it|so that)\b(?!.*\?$)",
    ),
    (
        "need",
        r"\b(?:i|we) need an? (?:different|new|separate|dedicated|shared|common|better)\b|\bwe (?:don't|do not) (?:actually |really |even )?need\b(?!.*\?$)",
    ),
    ("should shouldn", r"\bwe should(?: not|n't)\b(?!.*\?$)"),
    ("should", rf"(?:[,;:] | [—–-] )should {HOW}(?:{BUILDS})\b(?!.*\?$)"),
    ("should must", r"\b(?:the|my|this) fix should\b(?! (?:work|pass))"),
    (
        "should must",
        r"\b(?:should|must) (?:also |only )?be (?:removed|deleted|kept|moved|renamed|dropped|reused|replaced|in|rebased|reverted|shared|extracted)\b(?!.*\?$)",
    ),
    (
        "should need needs so we",
        r"\bshould only (?:apply|be|run|use|happen)\b|\bneeds? to fall back\b|\bso (?:i|we) can use\b|\bwe can (?:just |also |simply )?(?:use|call|reuse|keep|drop|skip)\b(?!.*\?$)",
    ),
    (
        "should must",
        r"\bwe should (?:just |also |instead |only |always |never )?(?:use|keep|make|have|avoid|move|remove|add|store|return|put|split|go|do|treat)\b(?!.*\?$)",
    ),
    (
        "need needed necessary required",
        r"\b(?:is|are|was)(?:n't| not)? (?:no longer )?(?:needed|necessary|required)\b.*\b(?:since|because|as)\b|\bno need to\b(?!.*\?$)",
    ),
    (
        "should must",
        r"\b(?:it|they|this|that|we|tests?|the \S+(?: \S+){0,3}) should (?:(?:definitely|also|only|just|always|never|not|rather|instead) (?!be\b)\w+|(?:use|return|fall back|call|keep|store|live|stay|treat|ignore|take|default))\b(?!.*\?$)",
    ),
    (
        "need needs",
        r"\bneeds? to (?:check|fall|handle|use|support|skip|ignore|keep)\b.*\b(?:as|when|if|first|before|for)\b(?!.*\?$)",
    ),
    ("should must", rf"\bwe should {HOW}(?:{BUILDS})\b(?!.*\?$)"),
    (
        "need needed necessary required",
        r"\b(?:so|since|because|as)\b.*(?:\b(?:no|not)\b|n't\b).*\b(?:need(?:ed)?|necessary|required)\b(?!.*\b(?:check|read|look)\b)(?!.*\?$)",
    ),
    (
        "should must",
        r"\b(?:comment|test|hook|function|method|command|field|default|message|name|doc|docs|flag|option|error) should (?:also |instead |just |only )?(?:say|read|be (?:fixed|updated|changed|called|named|optional|required))\b(?!.*\?$)",
    ),
)

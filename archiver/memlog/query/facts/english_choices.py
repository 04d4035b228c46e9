"""English of an agent that settles something: a promise with a means, a judgement between ways, a reason.

Patterns are of a whole sentence in lower case.
"""

_FIRST = r"(?:i'll|i will|let's|let me|we'll|i'm going to|i'd|going to|i am|i'm)"
_DOES = (
    "add|update|use|change|move|remove|rename|create|make|pass|return|replace|extract|override|store|skip|keep|handle|"
    "modify|implement|call|switch|convert|wrap|log|fall back|combine|split|set|put|include|expose|revert|drop|treat|reuse|"
    "restrict|limit|deprioriti[sz]e|duplicate|inline|merge|stage|list|structure|rewrite|ignore|default|delete|leave|append|"
    "disable|enable|require|raise|catch|cache|guard|generate|derive|defer|delegate|share|pin|bump|retry|swap|support|allow|"
    "propose|fix|refactor|write|enhance|consolidate|extend|improve|distinguish|clarify|normali[sz]e|simplify|patch|adapt|respect|honou?r|batch|"
    "redo|centrali[sz]e|scope|narrow|widen|tighten|loosen|gate|probe|teach|introduce|apply|rely on|fold|hoist|thread|plumb"
)
# The same in the present continuous: work that builds, not work that looks.
_DOING = (
    r"(?:adding|updating|changing|moving|removing|renaming|creating|making|passing|replacing|extracting|storing|skipping|keeping|"
    r"handling|modifying|implementing|switching|converting|wrapping|combining|splitting|setting|putting|including|exposing|reverting|"
    r"dropping|treating|reusing|restricting|limiting|inlining|merging|staging|rewriting|ignoring|deleting|leaving|disabling|enabling|"
    r"caching|guarding|generating|deferring|delegating|sharing|pinning|bumping|swapping|patching|tightening|extending|simplifying|"
    r"consolidating|centrali[sz]ing|folding|narrowing|committing|adapting|introducing|writing)"
)
_HOW = r"(?:also |just |only |still |simply |probably |instead |explicitly |now |then |directly |always |never |not )*"
_PAST = (
    r"(?:removed|added|kept|moved|renamed|dropped|skipped|staged|deferred|left|replaced|merged|split|reverted|simplified|"
    r"combined|shared|extracted|stored|chosen|used|disabled|enabled|ignored|excluded|included|inlined|deprecated|grouped)"
)
_WHY = r"(?:since(?! (?:go|v|version|python|node|rust)? ?v?\d)|because|so that|due to|as (?:it|they|this|that|we|the|a single)|instead|rather than|to (?:avoid|keep|prevent|make sure|match|preserve|ensure|allow))"

# Words one of which a sentence has, or the pattern is not asked: half the time.
_BY_ONESELF = "i we let going"
_WAYS = "approach fix solution option choice design move call path strategy place split change workaround decision way answer"
_BETTER = "simpler easier better cleaner safer simplest best easiest cleanest safest enough sufficient preferable most overkill"

# What settles: a promise to build something so, a judgement between ways, a thing done for a reason.
DECISION = (
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
        "instead rather opposed",
        r"\b(?:i|we|let's|should|must|needs? to|fix|used?|changed?)\b(?! (?:think|see|wonder)\b)(?!.*\b(?:would|might|causing|could|should now)\b).*\b(?:instead of|rather than|as opposed to)\b(?!.*\?$)",
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
    (
        _BY_ONESELF,
        r"\blet me (?:just )?(?:create|add|introduce|extract|make|write) an? (?:new |small |separate |single |generic )*(?:shared |common |dedicated |helper|wrapper|utility|`\w+` package|package|module|constant|interface)",
    ),
    (_BY_ONESELF, r"\bso (?:i'll|i will|we'll|i'm going to) (?!also (?:check|look)|need)\w+\b(?!.*:$)"),
    (
        "starting splitting split",
        r"^starting with\b.*\b(?:to|since|because|first)\b|\bsplit(?:ting)? (?:it |them |this |these |the \w+ )?into\b.*\b(?:commits?|prs?|files?|functions?|parts?|phases?)\b",
    ),
    (
        "instead",
        r"\b(?:let me|i'll|i will|(?:i|we) (?:should|need to|can|must))\b.*\binstead\b(?! of)(?!.*\?$)",
    ),
    ("no", r"^\W*no (?:\w+ )?(?:changes?|fix|updates?) (?:is |are )?(?:needed|necessary|required)\b"),
    (
        "simpler easier cleaner better preferable",
        r"\b(?:simpler|easier|cleaner|better)(?: (?:approach|way|option|alternative))?\W*: |\b(?:is|are) (?:actually |much |probably |also )*(?:better|preferable|simpler|cleaner|easier)\b.*\b(?:because|since|as it)\b"
        r"|\b(?:seems?|would be|is actually|is probably|be) (?:actually |much |probably )*(?:better|preferable|simpler|cleaner|easier)[.!]?$",
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
        rf"\b{_FIRST} {_HOW}(?:{_DOES})\b.*(?:,| ) ?so (?:it|they|we|the|each|that|there)\b(?!.*:$)",
    ),
    (
        "let",
        r"\blet me (?:just )?(?:create|add|introduce|extract|make|write) (?:an? )?(?:\w+[- ])?helpers?\b(?! (?:is|are))",
    ),
    ("should", r"\bi should (?:try|start|first)\b.*\b(?:first|then|before)\b"),
    (
        "i",
        r"\bi'll (?:fix|do|address|handle|take|skip|tackle) (?:only |just )?(?:items?|issues?|comments?|points?|findings?|#?\d)",
    ),
    (
        "i",
        r"\bi'll (?:add|put|place|insert|move) (?:it|this|that|them|these|the \S+(?: \S+){0,3}|an? \S+(?: \S+){0,3}) (?:just |right )?(?:after|before|into|next to|inside|under|alongside|at the)\b",
    ),
    (
        "can",
        r"\b(?:it|they|we|this|that|agents?|callers?|users?|the \S+(?: \S+)?) can (?:just|simply) (?!see|check|look|say|run|read|verify|search)\w+\b(?!.*\?$)",
    ),
    (
        "should",
        r"\b(?:it|this|that|they|we|the \S+(?: \S+){0,2}) should probably (?!work|pass|check|look|be (?:fine|ok|enough))\w+\b(?!.*\?$)",
    ),
    ("should", r"[,;:—–-] should (?:also |only |just |not )?(?:use|return|be \w+ed|call|keep|go)\b(?!.*\?$)"),
    (
        "while",
        r"^(?=.*\b(?:i|we|should|must)\b)(?!.*\bwould\b).*\bwhile (?:still |also )?(?:handling|preserving|maintaining|allowing|avoiding)\b",
    ),
    (
        "should",
        r"\bshould (?:remain|stay|be|live|go|happen|use|keep)\b.*\b(?:since|because|as it|so that)\b(?!.*\?$)",
    ),
    (
        "so",
        r"\bso (?:i|we) (?:should|need to|must|have to) (?:keep|leave|retain|use|skip|avoid|stick|preserve)\b",
    ),
    (
        "simplest cleanest best safest easiest",
        r"\bthe (?:simplest|cleanest|best|safest|easiest) (?:is|would be|seems|might be)\b",
    ),
    ("way", r"\bthe way to go\b"),
    (
        "want",
        r"\b(?:i|we) want to\b.*\b(?:not|instead|only)\b(?!.*\?$)|\bwe (?:don't|do not) want\b(?!.*\?$)|\bwe only want\b",
    ),
    (
        "need",
        r"\b(?:i|we) need an? (?:different|new|separate|dedicated|shared|common|better)\b|\bwe (?:don't|do not) (?:actually |really |even )?need\b(?!.*\?$)",
    ),
    ("should shouldn", r"\bwe should(?: not|n't)\b(?!.*\?$)"),
    (
        "let",
        r"\blet me (?:also )?(?:create|add|introduce|extract|write) an? (?:\S+ ){0,3}?(?:function|method|wrapper|helper|flag|parameter|option|field|interface|type|guard|fallback|class|module)\b.*\b(?:that|to|for|so|which)\b",
    ),
    ("should", rf"(?:[,;:] | [—–-] )should {_HOW}(?:{_DOES})\b(?!.*\?$)"),
    ("skip defer", r"(?:[,(] ?| [—–-] )(?:skip|defer)\b(?! (?:list|count|logic|flag))"),
    (
        "most",
        r"\bthe most (?!recent|important|common|impactful|likely)\w+ (?:solution|approach|option|fix|way|choice)\b",
    ),
    (
        "by replacing adding",
        r"\b(?:let me|i'll|i will) (?:fix|solve|handle|resolve|address|implement|do)\b.*(?:\bby \w+ing\b| [—–-] (?:replacing|adding|using|removing)\b)",
    ),
    (
        _PAST,
        rf"^(?:\W|\w+ly )*{_PAST}\b.*\((?:was|were|minimal|kept|redundant|premature|no longer|too|not|already|since|because)\b",
    ),
    ("instead rather", r"^for [^,]+, (?!i\b|we\b|it\b|the\b|this\b)\w+ .*\b(?:instead of|rather than)\b"),
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
        _BY_ONESELF,
        r"\bi should (?:just |also |instead |only )?(?:use|keep|make|avoid|follow|reuse|put|return|store)\b",
    ),
    ("so", r"\bso (?:the|it|this|that|we) (?:\w+ ){0,3}(?:stays?|remains?|keeps?)\b"),
    ("now", r"\bfor now,? (?:i|we|let|just|keep|leave)\b"),
    (
        _BY_ONESELF,
        rf"\b(?:{_FIRST}|i need to|i should|we (?:need to|should|can|must|use)|i can)\b.*\b(?:since|because|as (?:it|this|that|we)|so that)\b",
    ),
    (
        "since because",
        r"\b(?:since|because)\b[^.]*,\s*(?:i'll|i will|i'm|let me|(?:i|we|the \w+(?: \w+){0,2}) (?:use|need|needs|should(?! (?:exist|have|now|be (?:fine|ok|there)))|will|must|keep|leave|have to|can (?:use|keep|drop|skip)))\b",
    ),
    (
        "need needed necessary required",
        r"\b(?:is|are|was)(?:n't| not)? (?:no longer )?(?:needed|necessary|required)\b.*\b(?:since|because|as)\b|\bno need to\b(?!.*\?$)",
    ),
    ("helper both", r"\b(?:as a helper|in both (?:places|code paths))\b"),
    (
        "i consistency keep",
        r"\bi should (?:just |also )?(?:add|create|extract|make) an?\b|\bfor consistency\b|\bto keep (?:the \w+|it|things|this) (?:simple|simpler|clean|cleaner|consistent|small|focused)\b",
    ),
    (
        _BY_ONESELF,
        r"\bi (?:used|changed|kept|chose|switched|replaced|moved|left|skipped|avoided|made)\b.*\b(?:because|since|instead|rather|so that|to avoid|due to)\b",
    ),
    (
        "going sticking opting keeping leaving picking deferring settling",
        r"^(?:so )?(?:going|sticking|opting|keeping|leaving|picking|deferring|settling)\b (?:with|for|on|it|this|the|to|as)\b",
    ),
    (
        "should must",
        r"\b(?:it|they|this|that|we|tests?|the \S+(?: \S+){0,3}) should (?:(?:definitely|also|only|just|always|never|not|rather|instead) (?!be\b)\w+|(?:use|return|fall back|call|keep|store|live|stay|treat|ignore|take|default))\b(?!.*\?$)",
    ),
    ("instead still keep", r"\band instead \w+|\bfix is still\b|^keep (?!going|in mind|.*\bif it\b)"),
    (
        "need needs",
        r"\bneeds? to (?:check|fall|handle|use|support|skip|ignore|keep)\b.*\b(?:as|when|if|first|before|for)\b(?!.*\?$)",
    ),
    (
        _BETTER,
        r"\b(?:simpler|easier|better|cleaner|safer|simplest|best|easiest|cleanest|safest|enough|sufficient) (?:to|would be to|is to|way)\b(?!.*\?$)",
    ),
    (
        "skip leave defer won scope worth as now could",
        r"^(?:skip|leave|defer|won't fix)\b[,: ]|\bwon't fix\b|\b(?:out of scope|not worth|as[- ]is)\b|\bnow \*{0,2}(?:always|never)\b|\bi could\b.*\bbut\b",
    ),
    (_WAYS, r"\ba (?:reasonable|possible|better|simple|good|robust|cleaner) (?:fix|solution|approach|way)\b"),
    ("intentional deliberate design", r"\b(?:is|are) (?:intentional|deliberate|by design)\b"),
    ("sense trade tradeoff", r"\bmakes? (?:more )?sense to\b(?!.*\?$)|\btrade-?off\b.*\b(?:accept|worth)\b"),
    (
        _BY_ONESELF,
        r"\b(?:i'd|i would|i) (?:suggest|recommend|propose)\b|^my take\b|\bi think\b.*\b(?:is|are) (?:better|cleaner|best|fine|simpler|clearer|enough|the (?:best|right))\b",
    ),
    (
        _BETTER,
        r"\b(?:is|are|seems?|looks?|feels?|would be|'s) (?:definitely |probably |the |clearly |much |actually |a )*(?:simplest|cleanest|best|cleaner|simpler|safest|safer|easiest|overkill|"
        r"preferable|most (?:\w+ )?(?:robust|sensible|appropriate|practical|pragmatic))\b(?!.*\?$)",
    ),
    ("worth", r"\bworth (?:it|fixing|addressing|doing|keeping|adding|removing|changing|the \w+)\b(?!.*\?$)"),
    (
        _BY_ONESELF,
        rf"^(?!now |next |first |then |let)(?:\w+[,.]? ){{0,6}}(?:i'll|i will|we'll|we will|i'm going to|i am going to) {_HOW}(?:{_DOES})\b(?!.*:$)(?=(?:.*? ){{7}})",
    ),
    (
        _BY_ONESELF,
        rf"^(?!now )(?:.*[,—–-] |so |but |and |actually, )?(?:i|we) (?:should|need to|must|have to) {_HOW}(?:{_DOES})\b(?!.*(?:import|missing)).*\b(?:before|so|when|where|instead|that|since|because|as|explicitly|from)\b(?!.*\?$)",
    ),
    (_BY_ONESELF, rf"\bi should {_HOW}(?:{_DOES})\b(?!.*\?$)"),
    ("should must", rf"\bwe should {_HOW}(?:{_DOES})\b(?!.*\?$)"),
    ("too", r"\b(?:is|are|was|were) too \w+ to \w+"),
    (_BY_ONESELF, rf"\blet me just {_HOW}(?:{_DOES}|reset|do|go)\b"),
    (_PAST, rf"\b(?:is|are|was|were|been|now) (?:\w+ly |now |also |all )*{_PAST}\b.*\b{_WHY}\b(?!.*\?$)"),
    (_PAST, rf"^(?:\W|\w+ly )*{_PAST}\b.*\b{_WHY}\b"),
    (
        "need needed necessary required",
        r"\b(?:so|since|because|as)\b.*(?:\b(?:no|not)\b|n't\b).*\b(?:need(?:ed)?|necessary|required)\b(?!.*\b(?:check|read|look)\b)(?!.*\?$)",
    ),
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
        "should must",
        r"\b(?:comment|test|hook|function|method|command|field|default|message|name|doc|docs|flag|option|error) should (?:also |instead |just |only )?(?:say|read|be (?:fixed|updated|changed|called|named|optional|required))\b(?!.*\?$)",
    ),
    (
        _BY_ONESELF,
        rf"\b(?:i|we)'?(?:ll| will)? ?(?:can )?{_HOW}(?:{_DOES})\b.*\b(?:instead of|rather than|as well as|one by one|where possible|for now|for consistency|in parallel)\b(?!.*\?$)",
    ),
    (
        _WAYS,
        r"\b(?:proper|real|right|correct|full|actual|long-term|quick|minimal|first) (?:solution|approach|fix|answer) (?:is|would be|here is)\b",
    ),
)

# Where a reason begins.
REASON = (
    r"\b(?:because|since|so that|due to|to avoid|as it|as this|as we|in order to|otherwise|given that)\b",
)

"""English of a user who wants something: rules that hold from now on, and what is to be done.

A class is a kind of sentence, not a phrase that was met. Patterns are of a whole sentence in lower case; one with a
question mark is marked by its last character.
"""

import re

from memlog.query.facts.english_verbs import VERBS

_LEAD = (
    r"(?:(?:ok(?:ay)?|yes|yeah|yep|sure|great|good|cool|perfect|nice|thanks|thank you|right|alright|so|and|then|now|"
    r"also|but|next|first|second|finally|after that|before that|hmm+|well|sorry|no|again|maybe|just|instead|actually|"
    r"otherwise|later|for now|btw|one more thing|hi|hey|hello|morning|good morning|however|lgtm|kindly|please|pls|in that case|if so|[$/][\w:-]+|your task)[,.:;!\-–— ]+)*"
)
_OBJECT = r"(?:the|an?|it|this|that|these|those|them|all|again|until|for|me|us|my|our|your|both|any|each|every|only|back|\S+\.\w+)"
_FORBIDS = r"(?:do not|don['’]?t|never(?! ?mind)|must(?: not|n['’]t)|should(?: not|n['’]t)|avoid|no more|stop \w+ing)"

IMPERATIVE = re.compile(rf"{_LEAD}(?:{VERBS})\b(?!['’]s\b|:)")

_NICE = r"(?:great|good|nice|cool|better|best|helpful|useful|ideal|awesome|lovely|handy|worth)"
_BEST = r"(?:best|better|least|simplest|simpler|cleanest|cleaner|safest|safer|easiest|easier|clearer|clearest|preferable|nicer)"

# What holds from now on.
RULE = (
    r"\b(?:always|never(?! ?mind))\b",
    r"\bbe careful\b",
    rf"^{_LEAD}{_FORBIDS}\b",
    r"\b(?:please|you|we|it) " + _FORBIDS + r"\b(?<!we don['’]t)(?<!it don['’]t)(?<!you don['’]t)",
    r"\b(?:make sure|be sure|ensure|remember) (?:that|to|you|we|it|the|all|every)\b",
    r"\bfrom (?:now|here) on\b|\bgoing forward\b|\bin (?:the )?future,",
    r"\buse \S+(?: \S+){0,3} (?:instead of|rather than|not|over)\b",
    r"\binstead of\b.*\buse\b",
    r"\b(?:i|we)['’]?d? (?:strongly |really )?prefer\b",
    r"\bmust (?:be|have|not|only|always|use|stay|keep)\b",
    r"\b(?:whenever|every time|each time)\b.*\b(?:run|use|check|do|write|add|commit)\b",
    r"\bno (?:\w+[- ]){0,2}(?:allowed|please)\b",
    r"^keep each\b",
    r"\bonly (?:ever )?(?:use|edit|touch|change|run)\b",
)

# What asks: a wish, a suggestion, an obligation of the work, a choice of what was offered.
REQUEST = (
    rf"^{_LEAD}(?:also |then |now |just |please |always |never |only |let['’]?s |lets |let us |go ahead and |try to |"
    rf"feel free to |make sure (?:to |you )|be sure to |remember to )*(?:re-?)?(?:{VERBS})\b(?!['’]s\b|:|(?<=work)[.!]|(?<=(?:exit|quit))$|(?<=clear)$| (?:is|was|are|were|"
    r"passed|failed|fails|failing|failures?|broken|errors?|works|worked|shows?|says?|has|does|looks)\b)",
    rf"^{_LEAD}let['’]?s\b|^{_LEAD}lets\b|^let us\b",
    r"[,;–—-] ?(?:so |then |and )?(?:let['’]s|please)\b|\blet['’]s (?!say\b|see if\b)\w+",
    rf"^{_LEAD}(?:can|could|would|will) (?:you|u)\b(?!.* or (?:do|is|are|should) )",
    rf"^{_LEAD}can(?:['’]t)? we (?:also |now |just |please |maybe |then |not |at least )*(?!not\b|be\b|tell|know|assume|see\b|say|detect|trust|have\b|really|still|even|do this|rely)[a-z]+(?!.* or (?:do|is|are|should|not)\b)",
    rf"^{_LEAD}(?:before [^,]+, |after [^,]+, )?(?:can|could|shall|should) we (?:also |now |just |please |maybe |then |not )*"
    rf"(?:{VERBS})\b(?!.* or (?:do|is|are|should|not)\b)(?!.*\bsomehow figure)",
    rf"\b(?:can|could|would) you (?:also |please |just |maybe |then )*(?:{VERBS})\b(?!.* or (?:do|is|are|should) )",
    rf"[,;:.] (?:so |then |and |but |also |just |instead )*(?:{VERBS}) {_OBJECT}\b",
    rf"^(?:how about|what if) (?:we|you|i|\w+ing)\b|^why (?:not|don['’]t (?:we|you)) (?:just )?(?:{VERBS})\b",
    r"^\d(?: ?[+,&] ?\d)+$|^(?:option |number )?\(?[1-9a-d]\)?\.?(?:,| but| and|$)(?! .*\?)|^(?:commit|push|merge|rebase|retry|continue)$",
    r"\b(?:the idea is that|should(?:n['’]t)? (?:we|it) (?:also|rather|instead|then|just)|couldn['’]?t we|would it make sense to)\b",
    r"\bplease\b",
    r"^(?:hm+,? )?(?:perhaps|maybe)\b(?!.*\?$)|\b(?:so|and|then) (?:we|you) could\b",
    r"\b(?:i|we)(?:['’]d| would) (?:\w+ )?(?:like|love|want|prefer|rather)\b|\bi (?:want|need) (?:you|to|the|a|it|this)\b",
    r"(?<!do )(?<!did )(?<!does )(?<!if )\b(?:we|you) (?:need|have|want|ought) to\b(?!.*\?$)",
    r"\b(?:we|you|it|this|that|there) should(?! (?:we|i)\b)\b(?!.*\?$)",
    rf"^{_LEAD}see (?:also )?(?:this|the|that|these|https?:|@|#|\S+\.\w)|\bdo you (?:want to|wanna|mind) \w+",
    r"\b(?:it|this|that|they|there|(?:the|a|an|each|every) \S+(?: \S+){0,6}?|\S+\)) shall\b",
    r"[,;] (?:so |and |but |then |also |please )*(?:do not|don['’]?t|never) \w+",
    r"\bneeds? (?:updating|fixing|changing|cleaning|testing|renaming|removing|adding|checking|documenting|reverting|rebasing)\b",
    rf"\byou can (?:also |now |then |just )*(?:{VERBS})\b(?!.*\?$)",
    r"\bcan (?:just |also )?(?:remove|delete|drop|skip|ignore|keep)\b",
    r"\bneeds? to be \w+ed\b",
    r"^(?:just )?need\b",
    r"\b(?:so|and|then) can (?:you|we)\b(?!.* or (?:do|is|are) )|, can (?:you|we)\b",
    r"^(?:ideally|preferably)\b|^we need (?:a|an|the|to)\b",
    rf"[–—-] (?:{VERBS})\b(?! (?:\w+ )?(?:is|was|are|were)\b)(?!.*\?$)",
    r"^what about \w+ing\b.*\binstead",
    r"^if .*, (?:" + VERBS + r")\b",
    r"^if (?:there is|it|we|you|the|a) .*\b(?:create|add|read|use|do|put|skip|keep|return|run)\b(?!.*\?$)",
    rf"\b(?:would|might|['’]d) be (?:really |very |so )?{_NICE}\b.*\b(?:if|to|having)\b",
    r"^(?:\w+[,.]? ){0,3}(?:how|what) about \w+ing\b|\bwould it be (?:enough|possible|ok|okay|better|feasible)\b",
    r"(?<!if )(?<!what )(?<!that )(?<!how )\bwe (?:could|(?:may|might) (?:also )?want to|may want to|can also|can just|may as well|might as well)\b",
    r"\bi (?:do |also |just |really |still |only |guess i |think i )+(?:want|need|wanna|would like|prefer)\b|\bi (?:figure|guess|think|reckon|feel) (?:that )?"
    r"we (?:also )?(?:need|should|could|can|have to|must)\b",
    r"\b(?!i |who |what |where |which |how |why )\w+ (?:should|must|ought to|has to|have to) (?:also |only |always |just |rather |instead |then |probably |really )*"
    r"(?:be|use|have|get|go|show|return|include|contain|match|keep|stay|work|take|live|come|print|say|support|handle|reuse|follow|correspond|align|point|default|start|look|move|list|run|store|link|refer|ask|wait|stop|ignore|skip|remain|stick)\b(?!.*\?$)",
    rf"\b(?:seems?|looks?|sounds?|is) (?:like )?(?:the |a )?{_BEST}(?: \w+)? (?:option|choice|one|way|place|fit|idea|approach|solution)\b(?!.*\?$)",
    r"^(?:\w+[,.:]? ){0,2}have (?:@|it\b|them\b|the\b|an?\b|each\b|all\b|every|claude\b|codex\b)",
    r"\b(?:consider|recommend|suggest|propose|try|mind|avoid|keep|start|stop) \w+ing\b",
    r"^(?:\w+ ){0,2}(?:recommendations?|suggest(?:ion|ed fix)s?|actions?|todos?|tasks?|requests?|goals?|next steps?|fix|wanted|requirements?)\*{0,2}: ?\*{0,2}[a-z]",
    r"\bi['’]?d (?:also |rather |just |really |still )*(?:like|love|want|prefer|go (?:with|for)|say|keep|do|use|expect|vote)\b",
    r"\b(?:same (?:goes|thing|applies)|likewise) (?:for|to|with|in)\b|\b(?:goal|idea|plan|task|aim|point|intention|requirement) (?:here )?(?:is|was|would be) (?:to|that)\b",
    r"\b(?:mind|don['’]?t forget|feel free|be sure|no need|keep in mind|bear in mind|note that|make it|make them|make this)\b",
    r"^(?:\w+[,.]? ){0,2}(?:up to|at most|at least|no more than|only|just|both|all of them|all three|neither|either|the (?:first|second|third|last|former|latter|other)|option|number) (?:\w+|\d+)\b(?!.*\?$)(?!.* (?:is|are|was|were|has|have|did|does|do|says?|shows?|fails?|failed)\b)",
)

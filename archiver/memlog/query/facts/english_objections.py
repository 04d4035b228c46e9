"""English of a user who objects: bad words about the work, what was meant instead, what does not work.

A class is a kind of sentence, not a phrase that was met. Patterns are of a whole sentence in lower case with straight
apostrophes; one with a question mark is marked by its last character.
"""

_BEST = r"(?:best|better|least|simplest|simpler|cleanest|cleaner|safest|safer|easiest|easier|clearer|clearest|preferable|nicer)"
_BAD = (
    r"(?:wrong|incorrect|broken(?! (?:down|into|up|out))|(?<!one )off|strange|weird|odd|misleading|redundant|unnecessary|useless|outdated|confusing|ugly|bad|bunk|bogus|garbage|rubbish|non-? ?sens(?:e|ical)|"
    r"worse|unclear|hacky|overkill|over-?engineered|inconsistent|inaccurate|nonsense|messed up|backwards|pointless|"
    r"not (?:very |really |so |all that |quite |particularly |exactly |super |at all )?(?:right|correct|true|good|great|ideal|"
    r"enough|useful|needed|necessary|appropriate|acceptable|working|thorough|clear|consistent|readable|accurate|complete|nice|"
    r"helpful|intuitive|realistic|feasible|how|what|where|the (?:right|correct|appropriate|best|proper|same|point|case|problem|"
    r"issue)|an? \w+))"
)
_BE = r"(?:is|are|was|were|looks?|seems?|feels?|sounds?|reads?)"
_NOT = r"(?:doesn't|does not|don't|do not|didn't|did not|won't|will not|can't|cannot|can not|isn't|aren't|wasn't)"
_THING = r"(?:it|this|that|they|these|those|there|the \S+(?: \S+){0,4})"

# It is refused, or taken back.
_REFUSED = (
    r"^(?:no|nope|nah|wrong|incorrect|not (?:quite|really|exactly|that|what|all))\b(?! (?:need|problem|worries|idea|one|more|rush|\w+[ae]s (?:el|la|los|las|una?|nada|en))\b)",
    r"^(?:hm+,? )?(?:but )?(?:wait|hold on|stop)\b[,!. ]",
    r"^actually\b(?! i (?:misunderstood|missed|forgot|messed))",
    r"\b(?:revert|undo) (?:that|this|it|the|your)\b",
    r"\blet's not\b",
    r"\b(?:put|change|move|set|turn) (?:it|that|this|them|those)\b.{0,20}\bback\b|\bback to how it was\b|^(?:the )?wrong \w+",
    r"\b(?:put|bring|add|change|turn|move|roll) .{1,30}\bback\b(?! to (?:you|me|the user))(?!.*\?$)"
    r"|\b(?:revert|undo|roll back|restore)\b.{0,30}\b(?:change|commit|that|this|last|your|previous|edit)s?\b(?!.*\?$)",
    r"\bi (?:don't|do not|didn't|did not|never) (?:want|need|like|care|see (?:why|the need))\b",
    r"\b(?:try|do|use|find|need|want) (?:something (?:\w+ )?(?:else|different|instead)|another (?:way|approach|one|name|place)|a different|some other)\b(?!.*\?$)",
    r"\byou (?:really )?(?:don't|do not) (?:have|need) to\b(?!.*\?$)",
)
# What was said, meant or expected, against what came of it.
_MEANT = (
    r"\bi (?:mean|meant|didn't (?:say|mean|ask))\b(?!.*\bi mean\b.*\?$)",
    r"\bnot what i\b|(?<!because )\bi (?:said|asked|told you|already)\b(?!.*\?$)|\bmy (?:instructions?|request|point|idea|intention) (?:was|were)\b",
    r"\bwould have (?:thought|expected|preferred)\b|\bi (?:thought|thougth|thougt|doubt|expected|assumed)\b(?!.*\bif\b.*\?$)",
    r"\bi don't get (?:it|this|that|why)\b|\bi don't think\b.*\b(?:is|are) (?:the|a|an|right|correct|what|needed)\b",
    r"\bi was (?:less|more|not|talking|asking|referring|thinking|hoping|expecting|trying|looking|only|just)\b"
    r"|\b(?:i|we) (?:never|only|didn't|did not) (?:said|say|asked?|wanted|want|meant|mean|need)\b",
    r"\b(?:not|never) (?:asked|supposed|meant|intended|expected|wanted|requested) (?:to|for|that)\b|\binstead of what you\b",
    r"\b(?:is|are|was|were)(?: \w+)? (?:supposed|meant|intended) to (?:be|have|show|go|use|work|do|run|happen)\b(?!.*\?$)",
    r"\b(?:and|but) yet\b|\bas (?:though|if) (?:it|this|that|they|you|the)\b",
    r"\b(?:has|have|had|got) nothing to do with\b|\b(?:it|that|this|they|we|you) (?:does|do|did) (?:need|have|work|exist|matter|support|apply)\b(?!.*\?$)",
)
# What the agent did.
_DID = (
    r"\byou (?:forgot|missed|didn't|did not|should(?:n't)? have|were supposed|misunderstood|broke|removed|ignored|skipped|are wrong)\b",
    r"\byou(?:'re| are| were) supposed to\b(?!.*\?$)|\byou should be \w+ing\b|\bnot sure (?:that )?you (?:understood|understand|got|get)\b|\bi (?:don't|do not) (?:believe|buy)\b(?!.*\?$)",
    r"\byou're (?:wrong|mistaken)\b|\byou went (?:and|ahead|with|back|off)\b|\byou \w+ed\b.*\bagain\b|\bnot sure why\b",
    r"\byou (?:\w+ed|put|set|made|wrote|left|said|kept|did|built|ran|took|chose|got|broke|gave|cut|hid|went|meant|read|sent|told|lost)\b.*"
    r"\b(?:but|instead|again|twice|wrong(?:ly)?|not|without|even though|rather than)\b(?!.*\?$)",
    r"\byou(?:'re| are| keep| just| always| never| still)(?: \w+)? \w+ing\b.*\b(?:twice|again|wrong(?:ly)?|instead|too|without|not|every|for no)\b",
    r"\b(?:you|it|this|that)(?:'ve| has| have)? (?:also )?(?:forgot(?:ten)?|missed|misread|misunderst\w+|lost|broke|overlooked|ignored|"
    r"deleted|dropped|screwed|messed)\b(?!.*\?$)",
    r"\byou (?:still |really |also |just )?(?:haven't|have not|never|aren't|weren't|hadn't|won't|keep|kept)\b(?! (?:to|in mind|know)\b)(?!.*\?$)(?!.*\bif\b)",
    r"\bwhat (?:are|were) you doing\b|\b(?:wtf|wth|ugh|oops|argh|nooo*|yikes|damn)\b",
)
# Bad words about the work.
_FAULTS = (
    r"\bthat's (?:not|wrong|incorrect|still)\b|\bthat (?:is|was) (?:not|wrong|incorrect)\b|\bthis is (?:wrong|not (?:right|what|correct))\b",
    r"\bis just \S+,? not\b|\bshould be \S+(?: \S+){0,4},? (?:not|instead)\b|\bit should(?:n't| not)\b",
    r"\b(?:is|was|are|does)(?:n't| not) (?:correct|right|true|what i|needed|necessary|the (?:right|same|case|issue|problem))\b(?!.*\?$)",
    rf"\b(?:this|that|it|these|those|they|here|there|you|(?:the|that|this|your) \S+(?: \S+){{0,7}})(?: {_BE}|'(?:s|re))(?: \w+){{0,3}}? {_BAD}\b(?!.*\?$)",
    r"\bbut (?:that|this|it|they|those|these)(?:'(?:s|re)| is| are| was| were) (?:actually|really|still|not|just|only|also|already)\b(?!.*\?$)",
    r"\b(?:is|are|was|were) (?:just|only|basically|simply|merely) (?:\w+ing|duplicat\w+|repeat\w+)\b(?!.*\?$)",
    r"(?<!be )\bto+ (?:much|many|big|long|complex|complicated|verbose|noisy|slow|small|early|generic|wordy|short|aggressive|strict|broad)\b(?!.*\?$)",
    r"\bover(?:-| )?(?:complicat|engineer|kill)\w*\b(?!.*\?$)|\b(?:weakest|(?<!least )worst|ugliest)\b",
    r"\bthe (?:problem|issue|trouble|bug|point|catch|downside) (?:with \S+(?: \S+){0,5} )?(?:is|was)\b(?!.*\?$)",
    r"\b(?:lots? of|so many|so much|full of|bunch of|all (?:this|these|those)) (?:\w+ )?(?:redundan\w+|duplicat\w+|unnecessary|useless|noise|clutter|garbage)\b",
    r"\b(?:this|that|there) should(?:n't| not)\b",
    r"^(?:it|this|that|they)(?:'s| is| are|'re) .+\bnot (?:necessarily|really|just|the|an?|about)\b(?!.*\?$)",
)
# What does not work.
_FAILS = (
    r"\b(?:worked|was working|were working) (?:before|fine|until)\b"
    r"|\bbut (?:now |it |that |this |there )(?:it )?(?:still|is|was|does|should|never|no longer|breaks?|fails?|gives?|gave|shows?|says?)\b(?!.*\?$)",
    r"^(?:so |and |but )?(?:(?:it|this|that|there|they)(?:'s| is| are|'re)? )?still\b(?!.*\?$)",
    r"\bstill (?:fails?|failing|broken|wrong|not working|the same|doesn't|seeing|see|getting|lots|there|says?|shows?)\b(?!.*\?$)",
    rf"^(?!.*\b(?:until|unless|in case)\b).*\b{_NOT} (?:seem to |even |actually |really |properly )?(?:work|look right|seem right|make (?:any )?sense|fix|mean|match|belong|exist|apply|"
    r"help|count|follow|respect|show|compile|run|build|pass|need to|do anything|bother|clear|check|open|load|update)\b(?!.*\?$)(?!.*\bif\b)",
    r"\b(?:not|isn't|aren't|never|no longer|stopped) (?:even |actually |really )?(?:working|showing|rendering|loading|updating|saving|"
    r"happening|responding|visible|displayed|clickable|firing|triggering)\b(?!.*\?$)",
    r"\bi (?:still |also )?(?:can't|cannot|can not|don't|do not|didn't) (?:even |actually )?(?:see|find|open|get|access|reach|run|use) "
    r"(?!how|why|when|what|where|if|whether|any (?:reason|need|problem|issue))(?!.*\?$)",
    r"\bnothing (?:happens|happened|changed|changes|shows)\b|\b(?:keeps?|kept) (?:failing|getting|showing|crashing|coming|asking|doing)\b",
    r"\b(?:gives?|gave|giving|got|getting|shows?|showing|showed|says|prints?|returns|picks?) (?:me |us )?(?:an? |the )?(?:wrong|same|empty|weird|strange|old)\b(?!.*\?$)",
    r"\b(?:so|and|which|it|they) (?:\w+ )?(?:cuts?|gets? cut) off\b|\b(?:it|this|that|which|everything) (?:\w+ )?(?:breaks|crashes|hangs|fails)\b(?!.*\?$)(?!.*\b(?:if|when)\b)",
)
# It looks wrong, or is not there.
_STATES = (
    r"^(?!.*\b(?:if|when|why|consider)\b).*\b(?:is|are|was|were|stays?|turn(?:s|ed)|c[ao]mes? (?:up|out)|shows? up|looks?|gets?) (?:all |just |now |completely |still |also )*(?:red|blank|missing|gone|cut off|misaligned|overlapping|invisible|unreadable|"
    r"way off|frozen|squashed|blurry|cropped|truncated|out of (?:place|sync|order|date))\b(?!.*\?$)",
    r"^only \S+(?: \S+){0,4} (?:shows?|works?|appears?|loads?|displays?|renders?|changed|updated)\b(?!.*\?$)",
    r"\bthere(?:'s| is| are) (?:clearly |obviously |definitely |now )?(?:an?|some|another|two|many|no way) (?:\w+ )?(?:problems?|bugs?|mistakes?|typos?|glitch(?:es)?)\b(?!.*\?$)",
    r"^(?:\w+[,.]? ){0,3}same (?:old )?(?:error|issue|problem|result|bug|failure|mistake)\b(?! (?:for|with|in|goes|applies)\b)(?!.*\?$)",
    r"\b(?:it|this|that|everything|the (?:app|page|screen|ui|server|window|site|build)) (?:now |just |still |always |immediately )?(?:crash|hang|freez|flicker|overlap|stutter|lag|jump|disappear|vanish)(?:e?s|ed)\b(?!.*\?$)(?!.*\bif\b)",
)
# It ought to be otherwise.
_OTHERWISE = (
    r"^(?:hm+,? )?but (?!(?:for now|also|first|please|keep|make|be|do|don't|use|add|can|could|let|let's|if|when|what|how|before|only|lets|go|not|try|see|why|how|what|who|where|which|later|rather|only)\b)"
    r"(?!.*\bwe will\b)(?!.*\b(?:right|correct)\?)",
    r"^(?:\w+[,.]? ){0,2}but (?:we|i|you) (?:don't|do not|won't|shouldn't|never|can't|already|still)\b(?!.*\?$)",
    r"^(?:how|what) about instead\b",
    rf"\bi (?:think|guess|feel like|believe)\b.*\b(?:would be|might be|is|are) (?:an? |the |much |a lot )*{_BEST}\b(?!.*\bif\b)",
    r"\bi think (?:that|this|it|they|those|these) (?:must|should|needs? to|has to|have to|ought to) be (?:removed|changed|renamed|dropped|deleted|different|reverted|gone)\b",
    r"\bi think\b.*\bis to+ \w+\b",
    r"^(?:hm+,? )?maybe .*\b(?:(?:is|are|would be) (?:a )?better|should use)\b",
)

CORRECTION = _REFUSED + _MEANT + _DID
# Not where the sentence asks for something.
FAULT = _FAULTS + _FAILS + _STATES + _OTHERWISE

# A complaint in the form of a question, with the mark or without.
COMPLAINT = (
    r"\bwhy (?:on earth |the hell |in the world )?(?:is|are|was|were|do|does|did|would|have|has)(?:n't)? you\b(?! (?:think|prefer|recommend|suggest)\b)",
    r"\bwhy (?:do|am|don't|can't|are|do) (?:i|we) (?:still|see|get|getting|seeing|even|not|need|have|having|\w+ing)\b",
    r"\bwhy (?:is|are|was|were|does|do|has|have) (?:(?:this|that|it|these|those|they|there)\b.*\b(?:now|not|no|never|here|there|back|two|both|so)\b"
    r"|.*\b(?:still|again|instead|twice|wrong|missing|broken|empty)\b)",
    r"\bhow (?:can|could|come|did) (?:such|this|that|it|you|the)\b.*\b(?:slip|happen|miss|break|fail|end up|get)\w*\b",
    r"\bshould(?:n't| not) (?:it|this|that|these|those|they|we|you|there|the \w+(?: \w+)?|\w+) (?:\w+ ){0,2}?(?:be|have|use|go|return|show|live|come|get|do|say|work)\b",
    r"^(?:\w+[,.]? ){0,2}(?:can|could) (?:we|you|it) not\b",
    r"\bare you sure (?:this|that|it|about|we|they|the)\b",
    r"\bi don't (?:see|get|understand) the (?:point|purpose|use|need|reason)\b",
    r"\b(?:isn't|is not) (?:that|this|it) (?:wrong|redundant|too|already|supposed|what|the (?:same|wrong|opposite)|an? bug)\b",
    r"\b(?:aren't|weren't|are not) (?:we|you|they) (?:supposed|already|meant)\b|\bdidn't (?:we|you|i) (?:already |just )?(?:say|agree|decide|ask|remove|fix|tell)\b",
    r"\bwho (?:told|asked) you\b",
    r"\b(?:should|shouldn't|must|supposed|doesn't|isn't|wasn't)\b.*, no\?$",
)

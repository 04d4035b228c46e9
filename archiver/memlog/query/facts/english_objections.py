"""English of a user who objects: bad words about the work, what was meant instead, what does not work.

Patterns are of a whole sentence in lower case.
"""

_BEST = r"(?:best|better|least|simplest|simpler|cleanest|cleaner|safest|safer|easiest|easier|clearer|clearest|preferable|nicer)"
_BAD = (
    r"(?:wrong|incorrect|broken|off|strange|weird|odd|misleading|redundant|unnecessary|useless|outdated|confusing|ugly|bad|"
    r"worse|unclear|hacky|overkill|over-?engineered|inconsistent|inaccurate|nonsense|messed up|backwards|pointless|not (?:right|"
    r"correct|true|good|great|ideal|enough|useful|needed|necessary|appropriate|acceptable|working|how|what|where|the (?:right|"
    r"correct|appropriate|best|proper|same|point|case|problem|issue)|an? \w+))"
)
_BE = r"(?:is|are|was|were|looks?|seems?|feels?|sounds?|reads?)"

# What rejects: bad words about the work, a contrast with what the agent did, what was meant instead.
CORRECTION = (
    r"^(?:no|nope|nah|wrong|incorrect|not (?:quite|really|exactly|that|what))\b(?! (?:need|problem|worries|idea|one|more|rush)\b)",
    r"^(?:hm+,? )?(?:but )?(?:wait|hold on|stop)\b[,!. ]",
    r"^actually\b",
    r"\bthat['’]?s (?:not|wrong|incorrect|still)\b|\bthat (?:is|was) (?:not|wrong|incorrect)\b|\bthis is (?:wrong|not (?:right|what|correct))\b",
    r"\bi (?:mean|didn['’]?t (?:say|mean|ask))\b|\bi don['’]?t think\b.*\b(?:is|are) (?:the|a|right|correct|what|needed)\b|\b(?:issue|problem|bug|point) is \b.*, ?not\b",
    r"\bnot what i\b|\bi (?:said|meant|asked|told you|already)\b(?!.*\?$)",
    r"\byou (?:forgot|missed|didn['’]?t|did not|should(?:n['’]t)? have|were supposed|misunderstood|broke|removed|ignored|skipped|are wrong)\b",
    r"\b(?:revert|undo) (?:that|this|it|the|your)\b",
    r"\bwould have (?:thought|expected|preferred)\b",
    r"\bi (?:thought|thougth|thougt) (?:the|that|we|you|it|this)\b|\bi think\b.*\bis to+ (?:much|many|big|complex|long)\b",
    r"\bis just \S+,? not\b|\bshould be \S+(?: \S+){0,4},? (?:not|instead)\b|\bit should(?:n['’]t| not)\b",
    r"^hm+,? but\b|^but (?:you|that|this|those|it|we)\b(?!.*\b(?:right|correct)\?)",
    r"\blet['’]?s not\b",
    r"\b(?:is|was|are|does)(?:n['’]t| not) (?:correct|right|true|what i|needed|necessary|the (?:right|same|case|issue|problem))\b(?!.*\?$)",
    r"\b(?:put|change|move|set|turn) (?:it|that|this|them|those)\b.{0,20}\bback\b|\bback to how it was\b|\byou \w+ed\b.*\bagain\b|\bnot sure why\b|^(?:the )?wrong \w+",
    r"\b(?:worked|was working|were working) (?:before|fine|until)\b|\bbut (?:now |it |that |this |there )(?:it )?(?:still|is|was|does|should|never|no longer|breaks?|fails?)\b(?!.*\?$)",
    r"^(?:it|this|that|there|they)(?:['’]s| is| are|['’]re)? still\b(?!.*\?$)|\b(?:this|that|we|there) should(?:n['’]t| not)\b|^(?:how|what) about instead\b|\btoo (?:verbose|complicated|complex|long|many|much|aggressive|strict|broad)\b(?!.*\?$)",
    r"\b(?:doesn['’]?t|does not|didn['’]?t|isn['’]?t) (?:work|look right|seem right|what|make sense|fix)\b(?!.*\?)",
    r"\bstill (?:fails?|failing|broken|wrong|not working|the same|doesn['’]?t|seeing|getting)\b",
    r"\bwhy (?:did|are|would) you\b",
    r"\byou['’]re (?:wrong|mistaken)\b",
    r"\binstead of what you\b",
    rf"\b(?:this|that|it|these|those|they|here|there|you|the \S+(?: \S+){{0,4}})(?: {_BE}|['’](?:s|re))(?: \w+){{0,3}}? {_BAD}\b(?!.*\?$)",
    r"\bbut (?:that|this|it|they|those|these)(?:['’](?:s|re)| is| are| was| were) (?:actually|really|still|not|just|only|also|already)\b(?!.*\?$)",
    r"\byou (?:\w+ed|put|set|made|wrote|left|said|kept|did|built|ran|took|chose|got|broke|gave|cut|hid|went|meant|read|sent|told|lost)\b.*\b(?:but|instead|again|twice|wrong(?:ly)?|not|without|even though|rather than)\b(?!.*\?$)",
    r"\byou(?:['’]re| are| keep| just| always| never| still)(?: \w+)? \w+ing\b.*\b(?:twice|again|wrong(?:ly)?|instead|too|without|not|every|for no)\b",
    rf"\bi (?:think|guess|feel like|believe)\b.*\b(?:would be|might be|is|are) (?:an? |the |much |a lot )*{_BEST}\b(?!.*\bif\b)",
    r"\b(?:let['’]?s )?(?:try|do|use|find|need|want) (?:something|another|a different|some other)\b(?: \w+)?(?: else| instead| different)?",
    r"\bi was (?:less|more|not|talking|asking|referring|thinking|hoping|expecting|trying|looking|only|just)\b|\b(?:i|we) (?:never|only|didn['’]?t|did not) (?:said|say|asked?|wanted|want|meant|mean|need)\b",
    r"\bwhat (?:are|were) you doing\b|\b(?:wtf|wth|ugh|oops|argh|nooo*|yikes|damn)\b",
    r"\b(?:doesn['’]?t|does not|don['’]?t|do not|didn['’]?t|isn['’]?t|won['’]?t|can['’]?t) (?:mean|match|belong|exist|apply|help|count|follow|respect|show|compile|run|build|pass|need to|make (?:any )?sense)\b(?!.*\?$)(?!.*\bif\b)",
    r"\b(?:is|are|was|were) (?:just|only|basically|simply|merely) (?:\w+ing|duplicat\w+|repeat\w+)\b(?!.*\?$)",
    r"\bto+ (?:much|many|big|long|complex|complicated|verbose|noisy|slow|small|early|late|generic|wordy|short)\b(?!.*\?$)",
    r"^(?:\w+[,.]? ){0,2}but (?:we|i|you) (?:don['’]?t|do not|won['’]?t|shouldn['’]?t|never|can['’]?t|already|still)\b(?!.*\?$)",
    r"\b(?:not|never) (?:asked|supposed|meant|intended|expected|wanted|requested) (?:to|for|that)\b|\bwhy (?:is|are) (?:this|it|you|that|there) (?:still|now|again|not)\b",
    r"\b(?:you|it|this|that)(?:['’]ve| has| have)? (?:also )?(?:forgot(?:ten)?|missed|misread|misunderst\w+|lost|broke|overlooked|ignored|deleted|dropped|screwed|messed)\b(?!.*\?$)",
    r"\b(?:put|bring|add|change|turn|move|roll) .{1,30}\bback\b(?! to (?:you|me|the user))(?!.*\?$)|\b(?:revert|undo|roll back|restore)\b.{0,30}\b(?:change|commit|that|this|last|your|previous|edit)s?\b(?!.*\?$)",
)

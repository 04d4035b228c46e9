"""English of a chat with an agent, by class: base forms of verbs, what asks, what rejects, what settles.

A class is a kind of sentence (a wish, a bad word about the work, a promise with a reason), not a phrase that was met.
Patterns are of a whole sentence in lower case; a sentence with a question mark is marked by its last character.
"""

import re

# Base forms a request begins with, beyond those of the first list. What is as often a noun is left out.
MORE_VERBS = (
    "accept|accommodate|account for|acknowledge|activate|adapt|adopt|aggregate|align|alter|alternate|append|arrange|"
    "assert|assess|assign|attach|attempt|audit|augment|authenticate|authori[sz]e|automate|benchmark|bind|bisect|"
    "block|bootstrap|bound|break|bring|broaden|brainstorm|browse|bundle|bypass|calculate|cast|categori[sz]e|chain|"
    "cherry[- ]?pick|chunk|cite|cleanup|coerce|come up with|comment|communicate|complain|compose|compress|concatenate|"
    "conduct|confine|consume|contact|contain|continue|contrast|contribute|coordinate|correct|craft|cross[- ]reference|crop|"
    "customi[sz]e|cycle|deal with|declare|decode|decompose|decouple|decrease|decrypt|deepen|defer|demonstrate|deny|deprecate|"
    "diagnose|dig|diff|discuss|dispatch|dive|divide|dockeri[sz]e|downgrade|duplicate|elaborate|eliminate|embed|emphasi[sz]e|"
    "emulate|encapsulate|encrypt|enforce|enhance|enlarge|enrich|enumerate|erase|establish|estimate|exit|expect|experiment|"
    "factor|favou?r|feed|filter|finali[sz]e|flip|flush|force|fork|formali[sz]e|forward|free|freeze|gather|generali[sz]e|grab|"
    "grant|grep|halt|head|highlight|hit|hook|hold off|host|illustrate|imagine|infer|inform|inherit|inject|inline|intercept|"
    "interpret|invalidate|invert|issue|join|jump|justify|kick off|kill|label|land|lay out|lazy[- ]load|lead|learn|lets|level|"
    "lift|listen|locali[sz]e|locate|loop|memoi[sz]e|minimi[sz]e|mimic|minify|monitor|mount|multiply|mute|negotiate|nest|"
    "notify|nuke|number|observe|obtain|offer|offload|onboard|operate|organi[sz]e|outline|overhaul|overwrite|own|pack|"
    "package|pad|page|paginate|paraphrase|partition|paste|patch|perform|permit|ping|play|poll|pop|position|practice|predict|"
    "prefix|prepend|present|preview|probe|process|produce|profile|program|prompt|proofread|prune|purge|query|queue|quit|"
    "randomi[sz]e|rank|rate|re-\\w+|reach|react|realign|reap|reassign|recall|receive|recommend|reconcile|record|recover|"
    "redact|redeploy|redirect|redraw|reference|refine|reflect|register|reimplement|reinstall|relabel|relate|relocate|"
    "remind|render|reopen|repair|replicate|repro|rescale|research|resend|reserve|reshape|resize|restrict|resume|retrieve|"
    "retest|reveal|revisit|rotate|round|route|sample|schedule|scrap|scrape|script|scroll|seed|segment|serialize|serve|"
    "share|shift|shut|sign|silence|simulate|sketch|slice|slow|smoke[- ]test|snapshot|source|speed|spell|spin|splice|spot|"
    "square|stabili[sz]e|stack|state|step|straighten|stream|streamline|stress[- ]test|structure|stub|study|subscribe|"
    "substitute|subtract|supply|suppose|suppress|synchroni[sz]e|target|teach|tear|template|terminate|throttle|tie|"
    "time|title|touch|transfer|transform|transition|truncate|trust|type|unblock|uncomment|understand|undo|ungroup|unlock|unpack|"
    "unset|unwrap|unzip|vendor|version|view|visit|visuali[sz]e|vet|void|weigh|whitelist|widen|wipe|yank"
)

VERBS = (
    "abandon|add|address|adjust|allow|amend|analy[sz]e|apply|approve|archive|ask|assume|avoid|back|base|be|begin|branch|build|bump|"
    "call|cancel|carry|change|check|choose|clean|clear|close|combine|commit|compare|compile|complete|condense|"
    "configure|confirm|consolidate|continue|convert|copy|create|cut|debug|decide|default|define|delete|"
    "deploy|describe|design|disable|discard|display|do|document|double[- ]check|download|draft|drop|dump|edit|"
    "empty|enable|ensure|execute|expand|explain|export|expose|extend|extract|fetch|figure|fill|find|finish|fix|"
    "focus|follow|force|format|generate|get|give|go|group|handle|hide|hold|ignore|implement|import|improve|include|"
    "increase|inline|insert|inspect|install|integrate|investigate|invoke|keep|launch|leave|limit|link|list|load|"
    "log|look|lower|make|mark|match|merge|migrate|mock|modify|move|name|note|open|order|output|parse|pass|pick|"
    "pin|plan|please|point|polish|post|prefer|prepare|print|prioriti[sz]e|proceed|propose|prove|provide|publish|"
    "pull|push|put|raise|read|rebase|rebuild|recreate|reduce|refactor|refer|reformat|refresh|regenerate|release|"
    "reload|remember|remove|rename|render|reorder|repeat|rephrase|replace|reply|report|reproduce|request|rerun|"
    "reset|resolve|respond|restart|restore|restructure|retry|return|reuse|revert|review|revise|rewrite|roll|run|"
    "save|scan|search|select|send|separate|set|ship|show|simplify|skip|sort|spawn|split|squash|stage|start|stash|"
    "stay|stick|stop|store|strengthen|strip|submit|suggest|summari[sz]e|support|swap|switch|sync|take|tell|test|"
    "think|tidy|tighten|trace|track|translate|treat|trigger|trim|try|turn|undo|unify|uninstall|unstage|update|"
    "upgrade|use|validate|verify|wait|walk|watch|wire|work|wrap|write|"
    "bring|buffer|cache|cap|capture|centrali[sz]e|clarify|clone|collapse|collect|compute|connect|consider|count|cover|"
    "attribute|cross[- ]check|dedupe|deduplicate|delegate|derive|detect|determine|distinguish|emit|encode|escape|evaluate|examine|"
    "exclude|exercise|explore|fall back|flag|flatten|forget|gate|guard|harden|help|hoist|identify|incorporate|initiali[sz]e|"
    "introduce|isolate|iterate|lint|lock|maintain|map|measure|mention|mirror|narrow|normali[sz]e|omit|optimi[sz]e|override|"
    "pause|persist|populate|port|preserve|promote|propagate|protect|quote|reconsider|recheck|redo|reject|relax|rely|require|"
    "respect|rework|reword|rethink|retain|sanitize|scope|shorten|shrink|solve|specify|standardi[sz]e|surface|tag|throw|"
    "toggle|tune|tweak|upload|warn|zip|" + MORE_VERBS
)
_LEAD = (
    r"(?:(?:ok(?:ay)?|yes|yeah|yep|sure|great|good|cool|perfect|nice|thanks|thank you|right|alright|so|and|then|now|"
    r"also|but|next|first|second|finally|after that|before that|hmm+|well|sorry|no|again|maybe|just|instead|actually|"
    r"otherwise|later|for now|btw|one more thing|hi|hey|hello|morning|good morning|however|lgtm|kindly|please|pls|in that case|if so|[$/][\w:-]+|your task)[,.:;!\-–— ]+)*"
)
_OBJECT = r"(?:the|an?|it|this|that|these|those|them|all|again|me|us|my|our|your|both|any|each|every|only|back|\\S+\\.\\w+)"
_FIRST = r"(?:i['’]ll|i will|let['’]s|let me|we['’]ll|i['’]m going to|i['’]d|going to|i am|i['’]m)"
_FORBIDS = r"(?:do not|don['’]?t|never(?! ?mind)|must(?: not|n['’]t)|should(?: not|n['’]t)|avoid|no more|stop \w+ing)"

IMPERATIVE = re.compile(rf"{_LEAD}(?:{VERBS})\b(?!['’]s\b|:)")

_NICE = r"(?:great|good|nice|cool|better|best|helpful|useful|ideal|awesome|lovely|handy|worth)"
_BEST = r"(?:best|better|least|simplest|simpler|cleanest|cleaner|safest|safer|easiest|easier|clearer|clearest|preferable|nicer)"
_BAD = (
    r"(?:wrong|incorrect|broken|off|strange|weird|odd|misleading|redundant|unnecessary|useless|outdated|confusing|ugly|bad|"
    r"worse|unclear|hacky|overkill|over-?engineered|inconsistent|inaccurate|nonsense|messed up|backwards|pointless|not (?:right|"
    r"correct|true|good|great|ideal|enough|useful|needed|necessary|appropriate|acceptable|working|how|what|where|the (?:right|"
    r"correct|appropriate|best|proper|same|point|case|problem|issue)|an? \w+))"
)
_BE = r"(?:is|are|was|were|looks?|seems?|feels?|sounds?|reads?)"

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
    rf"feel free to |make sure (?:to |you )|be sure to |remember to )*(?:re-?)?(?:{VERBS})\b(?!['’]s\b|:| (?:is|was|are|were|"
    r"passed|failed|fails|failing|failures?|broken|errors?|works|worked|shows?|says?|has|does|looks)\b)",
    rf"^{_LEAD}let['’]?s\b|^{_LEAD}lets\b|^let us\b",
    r"[,;–—-] ?(?:so |then |and )?(?:let['’]s|please)\b",
    rf"^{_LEAD}(?:can|could|would|will) (?:you|u)\b(?!.* or (?:do|is|are|should) )",
    rf"^{_LEAD}can(?:['’]t)? we (?:also |now |just |please |maybe |then |not |at least )*(?!not\b|be\b|tell|know|assume|see\b|say|detect|trust|have\b|really|still|even|do this|rely)[a-z]+(?!.* or (?:do|is|are|should|not)\b)",
    rf"^{_LEAD}(?:before [^,]+, |after [^,]+, )?(?:can|could|shall|should) we (?:also |now |just |please |maybe |then |not )*"
    rf"(?:{VERBS})\b(?!.* or (?:do|is|are|should|not)\b)(?!.*\bsomehow figure)",
    rf"\b(?:can|could|would) you (?:also |please |just |maybe |then )*(?:{VERBS})\b(?!.* or (?:do|is|are|should) )",
    rf"[,;:.] (?:so |then |and |but |also |just |instead )*(?:{VERBS}) {_OBJECT}\b",
    rf"^(?:how about|what if) (?:we|you|i|\w+ing)\b|^why (?:not|don['’]t (?:we|you)) (?:just )?(?:{VERBS})\b",
    r"^\d(?: ?[+,&] ?\d)+$|^(?:option |number )?\(?[1-9a-d]\)?(?:,| but| and|$)(?! .*\?)|^(?:commit|push|merge|rebase|retry|continue)$",
    r"\b(?:the idea is that|should(?:n['’]t)? (?:we|it) (?:also|rather|instead|then|just)|couldn['’]?t we|would it make sense to)\b",
    r"\bplease\b",
    r"^(?:hm+,? )?(?:perhaps|maybe)\b(?!.*\?$)|\b(?:so|and|then) (?:we|you) could\b",
    r"\b(?:i|we)(?:['’]d| would) (?:\w+ )?(?:like|love|want|prefer|rather)\b|\bi (?:want|need) (?:you|to|the|a|it|this)\b",
    r"\b(?:we|you) (?:need|have|want|ought) to\b(?!.*\?$)",
    r"\b(?:we|you|it|this|that|there) should(?! (?:we|i)\b)\b(?!.*\?$)",
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
    r"(?<!if )(?<!what )(?<!that )(?<!how )\bwe (?:could|might want to|may want to|can also|can just|may as well|might as well)\b",
    r"\bi (?:do |also |just |really |still |only |guess i |think i )+(?:want|need|wanna|would like|prefer)\b|\bi (?:figure|guess|think|reckon|feel) (?:that )?"
    r"we (?:also )?(?:need|should|could|can|have to|must)\b",
    r"\b(?!i |who |what |where |which |how |why )\w+ (?:should|must|ought to|has to|have to) (?:also |only |always |just |rather |instead |then |probably |really )*"
    r"(?:be|use|have|get|go|show|return|include|contain|match|keep|stay|work|take|live|come|print|say|support|handle|reuse|follow)\b(?!.*\?$)",
    rf"\b(?:seems?|looks?|sounds?|is) (?:like )?(?:the |a )?{_BEST}(?: \w+)? (?:option|choice|one|way|place|fit|idea|approach|solution)\b(?!.*\?$)",
    r"^(?:\w+[,.:]? ){0,2}have (?:@|it\b|them\b|the\b|an?\b|each\b|all\b|every|claude\b|codex\b)",
    r"\b(?:consider|recommend|suggest|propose|try|mind|avoid|keep|start|stop) \w+ing\b",
    r"^(?:\w+ ){0,2}(?:recommendations?|suggest(?:ion|ed fix)s?|actions?|todos?|tasks?|requests?|goals?|next steps?|fix|wanted|requirements?)\*{0,2}: ?\*{0,2}[a-z]",
    r"\bi['’]?d (?:also |rather |just |really |still )*(?:like|love|want|prefer|go (?:with|for)|say|keep|do|use|expect|vote)\b",
    r"\b(?:same (?:goes|thing|applies)|likewise) (?:for|to|with|in)\b|\b(?:goal|idea|plan|task|aim|point|intention|requirement) (?:here )?(?:is|was|would be) (?:to|that)\b",
    r"\b(?:mind|don['’]?t forget|feel free|be sure|no need|keep in mind|bear in mind|note that|make it|make them|make this)\b",
    r"^(?:\w+[,.]? ){0,2}(?:up to|at most|at least|no more than|only|just|both|all of them|all three|neither|either|the (?:first|second|third|last|former|latter|other)|option|number) (?:\w+|\d+)\b(?!.*\?$)(?!.* (?:is|are|was|were|has|have|did|does|do|says?|shows?|fails?|failed)\b)",
)

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

_DOES = (
    "add|update|use|change|move|remove|rename|create|make|pass|return|replace|extract|override|store|skip|keep|handle|"
    "modify|implement|call|switch|convert|wrap|log|fall back|combine|split|set|put|include|expose|revert|drop|treat|reuse|"
    "restrict|limit|deprioriti[sz]e|duplicate|inline|merge|stage|list|structure|rewrite|ignore|default|delete|leave|append|"
    "disable|enable|require|raise|catch|cache|guard|generate|derive|defer|delegate|share|pin|bump|retry|swap|support|allow|"
    "propose|fix"
)
_HOW = r"(?:also |just |only |still |simply |probably |instead |explicitly |now |then |directly |always |never |not )*"
_PAST = (
    r"(?:removed|added|kept|moved|renamed|dropped|skipped|staged|deferred|left|replaced|merged|split|reverted|simplified|"
    r"combined|shared|extracted|stored|chosen|used|disabled|enabled|ignored|excluded|included|inlined|deprecated|grouped)"
)
_WHY = r"(?:since|because|so that|due to|as (?:it|they|this|that|we|the|a single)|instead|rather than|to (?:avoid|keep|prevent|make sure|match|preserve|ensure|allow))"

# What settles: a promise to build something so, a judgement between ways, a thing done for a reason.
DECISION = (
    r"\b(?:i|we)(?:['’]ve| have)? (?:decided|chose|chosen|opted|settled|agreed)\b|\b(?:the )?decision(?: is| was|:)",
    rf"\b{_FIRST} (?:go(?:ing)? with|stick(?:ing)? (?:with|to)|opt(?:ing)? for|choos(?:e|ing)|keep(?:ing)?|leav(?:e|ing)|"
    r"skip(?:ping)?|avoid(?:ing)?|prefer|drop(?:ping)?|reus(?:e|ing)|rely(?:ing)? on|us(?:e|ing)|only \w+|not (?:going to )?(?:do|add|change|use|touch|fix|remove|include)|follow(?:ing)?|"
    r"defer(?:ring)?|treat(?:ing)?|simplify|consolidate)\b(?! (?:the )?(?:task|todo|explore|grep|glob|read|bash|agent|edit|write|skill|test output|output|error|summary|log)s?\b)"
    r"(?! (?:looking|going|reading|checking|digging|the same (?:tool|command)|git (?:log|show|diff|status)))",
    rf"\b{_FIRST}\b.*(?<!-)\bonly\b",
    rf"\b{_FIRST} (?:create|add|adding|make|making|put|putting|implement|write)\b.*\b(?:that uses?|using|same pattern|so that|in both|approach|intentional|so the)\b",
    r"\b(?:i|we|you|let['’]s|should|must|could|can|to|need|fix|changed?|use|used)\b.*\b(?:instead of|rather than|as opposed to)\b(?!.*\?$)",
    r"\b(?:best|simplest|cleanest|clearest|right|better|safest|minimal|correct|simple|proper|cleaner|simpler|safer|pragmatic|different|good) "
    r"(?:approach|fix|solution|option|choice|design|path forward|strategy|place|split|change)\b(?! (?:you|do|should|would you)\b)(?!.*\?$)",
    r"^(?:so |and |then |thus )?(?:the |my |our )(?:\*\*)?(?:fix|solution|approach|design|strategy|workaround)(?:\*\*)?(?: (?:is|was|will be|would be) (?:to|in|by|a|the)\b|:)",
    r"^(?:\*\*)?(?:fix|solution|approach|decision|workaround)(?:\*\*)?:",
    r"\b(?:the|my|this) fix should\b(?! (?:work|pass))",
    r"\b(?:should|must) (?:also |only )?be (?:removed|deleted|kept|moved|renamed|dropped|reused|replaced|in|rebased|reverted|shared|extracted)\b(?!.*\?$)",
    r"\bshould only (?:apply|be|run|use|happen)\b|\bneeds? to fall back\b|\bso (?:i|we) can use\b|\bwe can (?:just |also |simply )?(?:use|call|reuse|keep|drop|skip)\b(?!.*\?$)",
    r"\bwe should (?:just |also |instead |only |always |never )?(?:use|keep|make|have|avoid|move|remove|add|store|return|put|split|go|do|treat)\b(?!.*\?$)",
    r"\bi should (?:just |also |instead |only )?(?:use|keep|make|avoid|follow|reuse|put|return|store)\b",
    r"\bso (?:the|it|this|that|we) (?:\w+ ){0,3}(?:stays?|remains?|keeps?)\b",
    r"\bfor now,? (?:i|we|let|just|keep|leave)\b",
    rf"\b(?:{_FIRST}|i need to|i should|we (?:need to|should|can|must|use)|i can)\b.*\b(?:since|because|as (?:it|this|that|we)|so that)\b",
    r"\b(?:since|because)\b[^.]*,\s*(?:i['’]ll|i will|i['’]m|let me|(?:i|we|the \w+(?: \w+){0,2}) (?:use|need|needs|should|will|must|keep|leave|have to|can (?:use|keep|drop|skip)))\b",
    r"\b(?:is|are|was)(?:n['’]t| not)? (?:no longer )?(?:needed|necessary|required)\b.*\b(?:since|because|as)\b|\bno need to\b(?!.*\?$)",
    r"\b(?:as a helper|in both (?:places|code paths))\b",
    r"\bi should (?:just |also )?(?:add|create|extract|make) an?\b|\bfor consistency\b|\bto keep (?:the \w+|it|things|this) (?:simple|simpler|clean|cleaner|consistent|small|focused)\b",
    r"\bi (?:used|changed|kept|chose|switched|replaced|moved|left|skipped|avoided|made)\b.*\b(?:because|since|instead|rather|so that|to avoid|due to)\b",
    r"^(?:so )?(?:going|sticking|opting|keeping|leaving|picking|deferring|settling)\b (?:with|for|on|it|this|the|to|as)\b",
    r"\b(?:it|they|this|that|we|tests?|the \S+(?: \S+){0,3}) should (?:(?:definitely|also|only|just|always|never|not|rather|instead) (?!be\b)\w+|(?:use|return|fall back|call|keep|store|live|stay|treat|ignore|take|default))\b(?!.*\?$)",
    r"\band instead \w+|\bfix is still\b|^keep (?!going|in mind)",
    r"\bneeds? to (?:check|fall|handle|use|support|skip|ignore|keep)\b.*\b(?:as|when|if|first|before|for)\b(?!.*\?$)",
    r"\b(?:simpler|easier|better|cleaner|safer|simplest|best|easiest|cleanest|safest|enough|sufficient) (?:to|would be to|is to|way)\b(?!.*\?$)",
    r"^(?:skip|leave|defer|won['’]t fix)\b[,: ]|\bwon['’]t fix\b|\b(?:out of scope|not worth|as[- ]is)\b|\bnow \*{0,2}(?:always|never)\b|\bi could\b.*\bbut\b",
    r"\ba (?:reasonable|possible|better|simple|good|robust|cleaner) (?:fix|solution|approach|way)\b",
    r"\b(?:is|are) (?:intentional|deliberate|by design)\b",
    r"\bmakes? (?:more )?sense to\b(?!.*\?$)|\btrade-?off\b.*\b(?:accept|worth)\b",
    r"\b(?:i['’]d|i would|i) (?:suggest|recommend|propose)\b|^my take\b|\bi think\b.*\b(?:is|are) (?:better|cleaner|best|fine|simpler|clearer|enough|the (?:best|right))\b",
    r"\b(?:is|are|seems?|looks?|feels?|would be|['’]s) (?:definitely |probably |the |clearly |much |actually |a )*(?:simplest|cleanest|best|cleaner|simpler|safest|safer|easiest|overkill|"
    r"preferable|most (?:\w+ )?(?:robust|sensible|appropriate|practical|pragmatic))\b(?!.*\?$)",
    r"\bworth (?:it|fixing|addressing|doing|keeping|adding|removing|changing|the \w+)\b(?!.*\?$)",
    rf"^(?!now |next |first |then |let)(?:\w+[,.]? ){{0,6}}(?:i['’]ll|i will|we['’]ll|we will|i['’]m going to|i am going to) {_HOW}(?:{_DOES})\b(?!.*:$)(?=(?:.*? ){{7}})",
    rf"^(?!now )(?:.*[,—–-] |so |but |and |actually, )?(?:i|we) (?:should|need to|must|have to) {_HOW}(?:{_DOES})\b(?!.*(?:import|missing)).*\b(?:before|so|when|where|instead|that|since|because|as|explicitly|from)\b(?!.*\?$)",
    rf"\bi should {_HOW}(?:{_DOES})\b(?!.*\?$)",
    rf"\bwe should {_HOW}(?:{_DOES})\b(?!.*\?$)",
    r"\b(?:is|are|was|were) too \w+ to \w+",
    rf"\blet me just {_HOW}(?:{_DOES}|reset|do|go)\b",
    rf"\b(?:is|are|was|were|been|now) (?:\w+ly |now |also |all )*{_PAST}\b.*\b{_WHY}\b(?!.*\?$)",
    rf"^(?:\W|\w+ly )*{_PAST}\b.*\b{_WHY}\b",
    r"\b(?:so|since|because|as)\b.*(?:\b(?:no|not)\b|n['’]t\b).*\b(?:need(?:ed)?|necessary|required)\b(?!.*\b(?:check|read|look)\b)(?!.*\?$)",
    r"\b(?:we|i)(?:['’]re| are| am)? (?:stuck with|better off|going to (?:keep|use|leave|skip)|sticking)\b",
    r"\bwe can (?:still )?(?:write|do|keep|use|make|build|have) (?:it|this|that)\b.*\bby \w+ing\b",
    r"\bwhile keeping\b|\b(?:as|into) a single\b.*\b(?:commit|change|function|pass|place|step)\b",
    r"\b(?:comment|test|hook|function|method|command|field|default|message|name|doc|docs|flag|option|error) should (?:also |instead |just |only )?(?:say|read|be (?:fixed|updated|changed|called|named|optional|required))\b(?!.*\?$)",
    rf"\b(?:i|we)['’]?(?:ll| will)? ?(?:can )?{_HOW}(?:{_DOES})\b.*\b(?:instead of|rather than|as well as|one by one|where possible|for now|for consistency|in parallel)\b(?!.*\?$)",
    r"\b(?:proper|real|right|correct|full|actual|long-term|quick|minimal|first) (?:solution|approach|fix|answer) (?:is|would be|here is)\b",
)

# Where a reason begins.
REASON = (
    r"\b(?:because|since|so that|due to|to avoid|as it|as this|as we|in order to|otherwise|given that)\b",
)

"""Words that make a sentence an instruction, a correction or a decision, by language.

A sentence is asked in the languages of its script: Chinese, Japanese and Russian by their letters, all that is
Latin in English, German and Portuguese at once. A pattern is of a whole sentence in lower case.
"""

import re
from typing import NamedTuple


class Cues(NamedTuple):
    """Patterns of one script. rule: holds from now on; request: to be done; reason: where a reason begins."""

    rule: re.Pattern[str]
    request: re.Pattern[str]
    correction: re.Pattern[str]
    decision: re.Pattern[str]
    reason: re.Pattern[str]


def _any(*patterns: str) -> re.Pattern[str]:
    # Of lower case: twice as fast as re.I, and a sentence is asked five times.
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_VERBS = (
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
    "toggle|tune|tweak|upload|warn|zip"
)
_LEAD = (
    r"(?:(?:ok(?:ay)?|yes|yeah|yep|sure|great|good|cool|perfect|nice|thanks|thank you|right|alright|so|and|then|now|"
    r"also|but|next|first|second|finally|after that|before that|hmm+|well|sorry|no|again|maybe|just|instead|actually|"
    r"otherwise|later|for now|btw|one more thing|hi|hey|hello|morning|good morning|however|lgtm|kindly|please|pls|in that case|if so|[$/][\w:-]+|your task)[,.:;!\-–— ]+)*"
)
_OBJECT = r"(?:the|an?|it|this|that|these|those|them|all|again|me|us|my|our|your|both|any|each|every|only|back|\\S+\\.\\w+)"
_FIRST = r"(?:i['’]ll|i will|let['’]s|let me|we['’]ll|i['’]m going to|i['’]d|going to|i am|i['’]m)"
_FORBIDS = r"(?:do not|don['’]?t|never|must(?: not|n['’]t)|should(?: not|n['’]t)|avoid|no more|stop \w+ing)"

IMPERATIVE = re.compile(rf"{_LEAD}(?:{_VERBS})\b(?!['’]s\b|:)")

LATIN = Cues(
    rule=_any(
        r"\b(?:always|never(?! ?mind))\b", r"\bbe careful\b", rf"^{_LEAD}{_FORBIDS}\b", r"\b(?:please|you|we|it) " + _FORBIDS + r"\b",
        r"\b(?:make sure|be sure|ensure|remember) (?:that|to|you|we|it|the|all|every)\b", r"\bfrom (?:now|here) on\b|\bgoing forward\b|\bin (?:the )?future,",
        r"\buse \S+(?: \S+){0,3} (?:instead of|rather than|not|over)\b", r"\binstead of\b.*\buse\b",
        r"\b(?:i|we)['’]?d? (?:strongly |really )?prefer\b", r"\bmust (?:be|have|not|only|always|use|stay|keep)\b",
        r"\b(?:whenever|every time|each time)\b.*\b(?:run|use|check|do|write|add|commit)\b",
        r"\bno (?:\w+[- ]){0,2}(?:allowed|please)\b", r"^keep each\b", r"\bonly (?:ever )?(?:use|edit|touch|change|run)\b",
        # German
        r"\b(?:immer|niemals|nie|stets|künftig|ab jetzt|ab hier|ab sofort|von nun an|in zukunft)\b",
        r"\b(?:bitte )?(?:nicht|kein\w*) (?:verwenden|benutzen|nutzen|ändern|löschen|anfassen|committen|pushen)\b",
        r"^(?:bitte )?\w+e? (?:\w+ ){0,4}(?:nicht|kein\w*)\b.*(?:!|\.|$)(?<!\?)",
        r"\b(?:achte|stelle? sicher|denk(?:e)? daran|vergiss nicht)\b", r"\bstatt(?:dessen)?\b",
        r"\b(?:darf|dürfen|muss|müssen|soll(?:te|ten|en)?)\b.*\b(?:nicht|kein\w*|immer|nur|sein|werden|bleiben)\b",
        # Portuguese
        r"\b(?:sempre|nunca|jamais|a partir de agora|daqui (?:em|pra|para) (?:diante|frente)|de agora em diante)\b", r"(?:^|[,;] )(?:por favor,? )?n[ãa]o (?:use|mude|altere|apague|"
        r"remova|fa[çc]a|toque|mexa|esque[çc]a|adicione|crie|commite|rode|execute|escreva|coloque)\b",
        r"\b(?:certifique-se|garanta|lembre-se|tenha certeza)\b", r"\bem vez d[eoa]s?\b|\bao inv[ée]s d[eoa]s?\b",
        r"\b(?:deve|devem|precisa|precisam|tem que|t[êe]m que)\b.*\b(?:ser|estar|ter|usar|ficar|sempre|apenas|s[óo])\b",
    ),
    request=_any(
        rf"^{_LEAD}(?:also |then |now |just |please |always |never |only |let['’]?s |lets |let us |go ahead and |try to |"
        rf"feel free to |make sure (?:to |you )|be sure to |remember to )*(?:re-?)?(?:{_VERBS})\b(?!['’]s\b|:$| (?:is|was|are|were|"
        r"passed|failed|fails)\b)",
        rf"^{_LEAD}let['’]?s\b|^{_LEAD}lets\b|^let us\b", r"[,;–—-] ?(?:so |then |and )?(?:let['’]s|please)\b",
        rf"^{_LEAD}(?:can|could|would|will) (?:you|u)\b(?!.* or (?:do|is|are|should) )",
        rf"^{_LEAD}can(?:['’]t)? we (?:also |now |just |please |maybe |then |not |at least )*(?!not\b|be\b|tell|know|assume|see\b|say|detect|trust|have\b|really|still|even|do this|rely)[a-z]+(?!.* or (?:do|is|are|should|not)\b)",
        rf"^{_LEAD}(?:before [^,]+, |after [^,]+, )?(?:can|could|shall|should) we (?:also |now |just |please |maybe |then |not )*"
        rf"(?:{_VERBS})\b(?!.* or (?:do|is|are|should|not)\b)(?!.*\bsomehow figure)",
        rf"\b(?:can|could|would) you (?:also |please |just |maybe |then )*(?:{_VERBS})\b(?!.* or (?:do|is|are|should) )",
        rf"[,;:.] (?:so |then |and |but |also |just |instead )*(?:{_VERBS}) {_OBJECT}\b", rf"^(?:how about|what if) (?:we|you|i|\w+ing)\b|^why (?:not|don['’]t (?:we|you)) (?:just )?(?:{_VERBS})\b",
        r"^\d(?: ?[+,&] ?\d)+$|^(?:option |number )?\(?[1-9a-d]\)?(?:,| but| and|$)(?! .*\?)|^(?:commit|push|merge|rebase|retry|continue)$", r"\b(?:the idea is that|should(?:n['’]t)? (?:we|it) (?:also|rather|instead|then|just)|couldn['’]?t we|would it make sense to)\b",
        r"\bplease\b", r"^(?:hm+,? )?(?:perhaps|maybe)\b(?!.*\?$)|\b(?:so|and|then) (?:we|you) could\b",
        r"\b(?:i|we)(?:['’]d| would) (?:\w+ )?(?:like|love|want|prefer|rather)\b|\bi (?:want|need) (?:you|to|the|a|it|this)\b",
        r"\b(?:we|you) (?:need|have|want|ought) to\b(?!.*\?$)", r"\b(?:we|you|it|this|that|there) should(?! (?:we|i)\b)\b(?!.*\?$)",
        r"\bcan (?:just |also )?(?:remove|delete|drop|skip|ignore|keep)\b", r"\bneeds? to be \w+ed\b", r"^(?:just )?need\b",
        r"\b(?:so|and|then) can (?:you|we)\b(?!.* or (?:do|is|are) )|, can (?:you|we)\b", r"^(?:ideally|preferably)\b|^we need (?:a|an|the|to)\b", rf"[–—-] (?:{_VERBS})\b(?! (?:\w+ )?(?:is|was|are|were)\b)(?!.*\?$)", r"^what about \w+ing\b.*\binstead", r"^if .*, (?:" + _VERBS + r")\b",
        r"^if (?:there is|it|we|you|the|a) .*\b(?:create|add|read|use|do|put|skip|keep|return|run)\b(?!.*\?$)",
        # German
        r"\bbitte\b", r"^(?:und |dann |jetzt |nun |also |ok,? |ja,? |nein,? |gut,? |zuerst |danach )*(?:mach|füge|lösche|"
        r"entferne|ändere|schreib|teste|prüfe|überprüfe|nutze|benutze|verwende|nimm|lass|zeig|erstelle|baue|behebe|"
        r"korrigiere|führe|starte|stoppe|committe|pushe|merge|rebase|aktualisiere|ersetze|benenne|verschiebe|halte|"
        r"behalte|lies|suche|finde|erkläre|sag|gib|sorge|achte|stelle?|vergiss|denk|dokumentiere|ergänze|"
        r"implementiere|refaktoriere|räume?|setze?|warte|versuche?|öffne|schließe?|speichere?)e?n?\b",
        r"\b(?:kannst|könntest|würdest) du\b", r"\b(?:ich|wir) (?:möchte|will|hätte|brauche|wollen|möchten|sollten|müssen)\b",
        r"\blass(?:t)? uns\b|\b(?:kannst|könntest|würdest) du\b|^(?:zwei|drei|eine?|beide|nur|die (?:erste|zweite|letzte)|option) \w+, ",
        # Portuguese
        r"\bpor favor\b", r"^(?:e |ent[ãa]o |agora |ok,? |sim,? |n[ãa]o,? |certo,? |primeiro |depois |tamb[ée]m )*(?:adicione|"
        r"remova|apague|mude|altere|troque|escreva|teste|verifique|confira|use|utilize|rode|execute|mostre|crie|fa[çc]a|"
        r"corrija|conserte|atualize|renomeie|mova|mantenha|leia|procure|explique|diga|pare|comece|commite|fa[çc]a|"
        r"implemente|refatore|documente|deixe|substitua|garanta|lembre|salve|abra|feche|envie|coloque|limpe|ajuste|"
        r"continue|espere|tente|reverta|ignore|evite|prefira|certifique)\b",
        r"\b(?:voc[êe] )?(?:pode|poderia|consegue)\b.*\?", r"\b(?:quero|queria|gostaria|preciso|precisamos|vamos)\b|^(?:um|uma|dois|duas|tr[êe]s|s[óo]|apenas|ambas?|a op[çc][ãa]o) \w+, ",
    ),  # fmt: skip
    correction=_any(
        r"^(?:no|nope|nah|wrong|incorrect|not (?:quite|really|exactly|that|what))\b(?! (?:need|problem|worries|idea|one|more|rush)\b)",
        r"^(?:hm+,? )?(?:but )?(?:wait|hold on|stop)\b[,!. ]", r"^actually\b",
        r"\bthat['’]?s (?:not|wrong|incorrect|still)\b|\bthat (?:is|was) (?:not|wrong|incorrect)\b|\bthis is (?:wrong|not (?:right|what|correct))\b",
        r"\bi (?:mean|didn['’]?t (?:say|mean|ask))\b|\bi don['’]?t think\b.*\b(?:is|are) (?:the|a|right|correct|what|needed)\b|\b(?:issue|problem|bug|point) is \b.*, ?not\b",
        r"\bnot what i\b|\bi (?:said|meant|asked|told you|already)\b(?!.*\?$)",
        r"\byou (?:forgot|missed|didn['’]?t|did not|should(?:n['’]t)? have|were supposed|misunderstood|broke|removed|ignored|skipped|are wrong)\b",
        r"\b(?:revert|undo) (?:that|this|it|the|your)\b", r"\bwould have (?:thought|expected|preferred)\b",
        r"\bi (?:thought|thougth|thougt) (?:the|that|we|you|it|this)\b|\bi think\b.*\bis to+ (?:much|many|big|complex|long)\b",
        r"\bis just \S+,? not\b|\bshould be \S+(?: \S+){0,4},? (?:not|instead)\b|\bit should(?:n['’]t| not)\b",
        r"^hm+,? but\b|^but (?:you|that|this|those|it|we)\b(?!.*\b(?:right|correct)\?)", r"\blet['’]?s not\b",
        r"\b(?:is|was|are|does)(?:n['’]t| not) (?:correct|right|true|what i|needed|necessary|the (?:right|same|case|issue|problem))\b(?!.*\?$)",
        r"\b(?:put|change|move|set|turn) (?:it|that|this|them|those)\b.{0,20}\bback\b|\bback to how it was\b|\byou \w+ed\b.*\bagain\b|\bnot sure why\b|^(?:the )?wrong \w+",
        r"\b(?:worked|was working|were working) (?:before|fine|until)\b|\bbut (?:now |it |that |this |there )(?:it )?(?:still|is|was|does|should|never|no longer|breaks?|fails?)\b(?!.*\?$)",
        r"^(?:it|this|that|there|they)(?:['’]s| is| are|['’]re)? still\b(?!.*\?$)|\b(?:this|that|we|there) should(?:n['’]t| not)\b|^(?:how|what) about instead\b|\btoo (?:verbose|complicated|complex|long|many|much|aggressive|strict|broad)\b(?!.*\?$)",
        r"\b(?:doesn['’]?t|does not|didn['’]?t|isn['’]?t) (?:work|look right|seem right|what|make sense|fix)\b(?!.*\?)",
        r"\bstill (?:fails?|failing|broken|wrong|not working|the same|doesn['’]?t|seeing|getting)\b",
        r"\bwhy (?:did|are|would) you\b", r"\byou['’]re (?:wrong|mistaken)\b", r"\binstead of what you\b",
        # German
        r"^(?:nein|ne|nee|falsch\w*|nicht so|moment|halt|stopp|doch)\b|\bdu hast\b.*\b(?:wieder|schon wieder|erneut)\b|\bnicht d(?:ie|er|as|en|em)\b.*, ?sondern\b|\bmach das zurück\b|\bgehört (?:auf|in|nach|zu)\b", r"\b(?:das|es) (?:ist|war|stimmt) (?:falsch|nicht)\b|\bdas stimmt (?:so )?nicht\b",
        r"\b(?:ich (?:habe|hatte) (?:doch )?gesagt|ich meinte|du hast (?:\w+ ){0,4}(?:vergessen|übersehen|falsch)|eigentlich)\b",
        r"\bmach das (?:wieder )?rückgängig\b|\bfunktioniert (?:immer noch )?nicht\b|\bgeht (?:immer noch )?nicht\b",
        # Portuguese
        r"^(?:n[ãa]o,|n[ãa]o [ée] (?:isso|assim|ess[ea]|est[ea]|aquel[ea]|[oa])\b|\w+ errad[oa]|errad[oa]|espera|pera)|\bvoc[êe] \w+ou\b.*\b(?:de novo|outra vez|novamente)\b|\bvolta (?:como|ao que) |\bn[ãa]o [ée] .*, [ée] ", r"\b(?:isso|est[áa]) (?:est[áa] |é )?(?:errado|incorreto)\b",
        r"\b(?:eu (?:disse|pedi|quis dizer|falei)|voc[êe] (?:esqueceu|errou|n[ãa]o|deveria))\b|^na verdade\b",
        r"\b(?:desfa[çc]a|reverta) (?:isso|essa|esse|o|a)\b|\b(?:ainda )?n[ãa]o (?:funciona|funcionou|era isso)\b",
    ),
    decision=_any(
        r"\b(?:i|we)(?:['’]ve| have)? (?:decided|chose|chosen|opted|settled|agreed)\b|\b(?:the )?decision(?: is| was|:)",
        rf"\b{_FIRST} (?:go(?:ing)? with|stick(?:ing)? (?:with|to)|opt(?:ing)? for|choos(?:e|ing)|keep(?:ing)?|leav(?:e|ing)|"
        r"skip(?:ping)?|avoid(?:ing)?|prefer|drop(?:ping)?|reus(?:e|ing)|rely(?:ing)? on|us(?:e|ing)|only \w+|not (?:going to )?(?:do|add|change|use|touch|fix|remove|include)|follow(?:ing)?|"
        r"defer(?:ring)?|treat(?:ing)?|simplify|consolidate)\b(?! (?:the )?(?:task|todo|explore|grep|glob|read|bash|agent|edit|write|skill|test output|output|error|summary|log)s?\b)"
        r"(?! (?:looking|going|reading|checking|digging|the same (?:tool|command)|git (?:log|show|diff|status)))",
        rf"\b{_FIRST}\b.*\bonly\b", rf"\b{_FIRST} (?:create|add|adding|make|making|put|putting|implement|write)\b.*\b(?:that uses?|using|same pattern|so that|in both|approach|intentional|so the)\b",
        r"\b(?:i|we|you|let['’]s|should|must|could|can|to|need|fix|changed?|use|used)\b.*\b(?:instead of|rather than|as opposed to)\b(?!.*\?$)",
        r"\b(?:best|simplest|cleanest|clearest|right|better|safest|minimal|correct|simple|proper|cleaner|simpler|safer|pragmatic|different|good) "
        r"(?:approach|fix|solution|option|choice|design|path forward|strategy|place|split|change)\b(?! (?:you|do|should|would you)\b)(?!.*\?$)",
        r"^(?:so |and |then |thus )?(?:the |my |our )(?:\*\*)?(?:fix|solution|approach|design|strategy|workaround)(?:\*\*)?(?: (?:is|was|will be|would be) (?:to|in|by|a|the)\b|:)",
        r"^(?:\*\*)?(?:fix|solution|approach|decision|workaround)(?:\*\*)?:", r"\b(?:the|my|this) fix should\b(?! (?:work|pass))",
        r"\b(?:should|must) (?:also |only )?be (?:removed|deleted|kept|moved|renamed|dropped|reused|replaced|in|rebased|reverted|shared|extracted)\b(?!.*\?$)",
        r"\bshould only (?:apply|be|run|use|happen)\b|\bneeds? to fall back\b|\bso (?:i|we) can use\b|\bwe can (?:just |also |simply )?(?:use|call|reuse|keep|drop|skip)\b(?!.*\?$)",
        r"\bwe should (?:just |also |instead |only |always |never )?(?:use|keep|make|have|avoid|move|remove|add|store|return|put|split|go|do|treat)\b(?!.*\?$)",
        r"\bi should (?:just |also |instead |only )?(?:use|keep|make|avoid|follow|reuse|put|return|store)\b",
        r"\bso (?:the|it|this|that|we) (?:\w+ ){0,3}(?:stays?|remains?|keeps?)\b", r"\bfor now,? (?:i|we|let|just|keep|leave)\b",
        rf"\b(?:{_FIRST}|i need to|i should|we (?:need to|should|can|must|use)|i can)\b.*\b(?:since|because|as (?:it|this|that|we)|so that)\b",
        r"\b(?:since|because)\b[^.]*,\s*(?:i['’]ll|i will|i['’]m|let me|(?:i|we|the \w+(?: \w+){0,2}) (?:use|need|needs|should|will|must|keep|leave|have to|can (?:use|keep|drop|skip)))\b",
        r"\b(?:is|are|was)(?:n['’]t| not)? (?:no longer )?(?:needed|necessary|required)\b.*\b(?:since|because|as)\b|\bno need to\b(?!.*\?$)",
        r"\b(?:as a helper|in both (?:places|code paths))\b", r"\bi should (?:just |also )?(?:add|create|extract|make) an?\b|\bfor consistency\b|\bto keep (?:the \w+|it|things|this) (?:simple|simpler|clean|cleaner|consistent|small|focused)\b",
        r"\bi (?:used|changed|kept|chose|switched|replaced|moved|left|skipped|avoided|made)\b.*\b(?:because|since|instead|rather|so that|to avoid|due to)\b",
        r"^(?:so )?(?:going|sticking|opting|keeping|leaving|picking|deferring|settling)\b (?:with|for|on|it|this|the|to|as)\b",
        r"\b(?:it|they|this|that|we|tests?|the \S+(?: \S+){0,3}) should (?:(?:definitely|also|only|just|always|never|not|rather|instead) (?!be\b)\w+|(?:use|return|fall back|call|keep|store|live|stay|treat|ignore|take|default))\b(?!.*\?$)",
        r"\band instead \w+|\bfix is still\b|^keep (?!going|in mind)", r"\bneeds? to (?:check|fall|handle|use|support|skip|ignore|keep)\b.*\b(?:as|when|if|first|before|for)\b(?!.*\?$)",
        r"\b(?:simpler|easier|better|cleaner|safer|simplest|best|easiest|cleanest|safest|enough|sufficient) (?:to|would be to|is to|way)\b(?!.*\?$)",
        r"^(?:skip|leave|defer|won['’]t fix)\b[,: ]|\bwon['’]t fix\b|\b(?:out of scope|not worth|as[- ]is)\b|\bnow \*{0,2}(?:always|never)\b|\bi could\b.*\bbut\b",
        r"\ba (?:reasonable|possible|better|simple|good|robust|cleaner) (?:fix|solution|approach|way)\b",
        r"\b(?:is|are) (?:intentional|deliberate|by design)\b", r"\bmakes? (?:more )?sense to\b(?!.*\?$)|\btrade-?off\b.*\b(?:accept|worth)\b",
        r"\b(?:i['’]d|i would|i) (?:suggest|recommend|propose)\b|^my take\b|\bi think\b.*\b(?:is|are) (?:better|cleaner|best|fine|simpler|clearer|enough|the (?:best|right))\b",
        # German
        r"\b(?:ich|wir) (?:habe|haben|hatte)? ?(?:\w+ ){0,3}(?:entschieden|beschlossen|gewählt)\b|\bentscheid\w*:|\bwir (?:bleiben|nehmen|gehen|verwenden|nutzen) \b",
        r"\bich (?:nehme|verwende|nutze|behalte|lasse|verzichte|bleibe|wähle)\b", r"\b(?:anstatt|anstelle|statt)\b(?!.*\?$)", r"\b(?:beste|einfachste|sauberste|richtige|bessere) (?:lösung|ansatz|weg)\b",
        r"\b(?:weil|da|deshalb|daher|denn)\b.*\b(?:ich|wir)\b.*\b(?:verwende|nehme|nutze|lasse|behalte|mache|werde|werden)\b",
        # Portuguese
        r"\b(?:decidi|decidimos|escolhi|escolhemos|optei|optamos|prefiro|a decis[ãa]o)\b|\bvou (?:usar|manter|deixar|evitar|seguir|remover)\b|\bvamos (?:usar|manter|deixar|evitar|seguir)\b",
        r"\b(?:em vez|ao inv[ée]s) d[eoa]s?\b(?!.*\?$)", r"\b(?:melhor|mais simples|certa|correta) (?:solu[çc][ãa]o|abordagem|op[çc][ãa]o|forma)\b",
    ),  # fmt: skip
    reason=_any(
        r"\b(?:because|since|so that|due to|to avoid|as it|as this|as we|in order to|otherwise|given that)\b",
        r"\b(?:weil|da|damit|denn|sonst|um zu|wegen)\b", r"\b(?:porque|pois|j[áa] que|para que|para evitar|por causa|sen[ãa]o)\b",
    ),
)  # fmt: skip

RUSSIAN = Cues(
    rule=_any(
        r"\b(?:всегда|никогда|впредь|отныне|с этого момента)\b", r"\bне (?:надо|нужно|следует|используй|трогай|меняй|удаляй|добавляй|"
        r"делай|коммить|пушь|забудь|забывай|пиши|создавай|запускай|ломай|должн\w+)\b", r"\bвместо\b", r"\b(?:убедись|удостоверься|обязательно|нельзя|только)\b",
        r"\bдолж(?:ен|на|но|ны)\b", r"\bпредпочита\w+\b",
    ),
    request=_any(
        r"\bпожалуйста\b", r"^(?:да,? |нет,? |хорошо,? |ок,? |ладно,? |теперь |потом |затем |и |а |также |сначала |снова )*(?:не )?(?:добавь|убери|удали|"
        r"исправь|почини|сделай|напиши|перепиши|проверь|запусти|используй|возьми|покажи|создай|поменяй|измени|замени|"
        r"переименуй|перенеси|оставь|объясни|скажи|найди|посмотри|прочитай|обнови|закоммить|запушь|откати|верни|"
        r"продолжай|продолжи|останови|подожди|попробуй|реализуй|вынеси|разбей|очисти|сохрани|открой|закрой|собери|"
        r"протестируй|задокументируй|избегай|держи|пиши|делай|помни|учти|убедись|давай|включи|отключи|настрой)(?:те)?\b",
        r"\b(?:можешь|можете|мог бы|могли бы|не мог бы)\b", r"[,;—-] (?:и |а )?(?:\w+ )?(?:назови|сделай|добавь|убери|удали|оставь|верни|используй|поставь|положи|запиши|вынеси|перенеси)(?:те)?\b", r"\b(?:хочу|хотел бы|хотелось бы|нужно|надо|необходимо|давай(?:те)?)\b",
    ),
    correction=_any(
        r"^(?:нет|неверно|неправильно|не (?:так|та|тот|то|те|туда|там)|стоп|подожди|погоди|на самом деле)\b|\b(?:ты|вы) (?:опять|снова)\b|\bэто не\b.*, (?:а|это)\b", r"\b(?:это|так) (?:не так|неверно|неправильно|не то)\b",
        r"\b(?:я (?:же )?(?:сказал|говорил|просил|имел в виду)\w*|ты (?:забыл|пропустил|не сделал|сломал|ошиб)\w*)\b",
        r"\b(?:откати|верни) (?:это|как было|обратно)\b|\b(?:всё|все) (?:ещё|еще) (?:не|пада)\w*|\bне работает\b", r"\bа не\b",
    ),
    decision=_any(
        r"\b(?:решил|решили|решено|выбрал|выбрали|решение:?|остановился|остановились)\w*\b", r"\b(?:буду|будем) (?:использовать|делать|хранить|писать|держать)\b",
        r"\bвместо\b(?!.*\?$)", r"\b(?:лучш|прощ|правильн|оптимальн|прост)\w+ (?:подход|решение|вариант|способ)\w*\b|\b(?:лучше|проще) (?:использовать|сделать|оставить|взять)\b",
        r"\b(?:оставлю|оставим|оставляю|использую|возьму|возьмём|возьмем|беру|берём|берем|выбираю|делаю)\b", r"\b(?:потому что|так как|поскольку)\b.*\b(?:использу|выбра|остав|буду|будем|сдела)\w*",
        r"\b(?:использу|выбра|остав|буду|будем|сдела)\w*.*\b(?:потому что|так как|поскольку|чтобы)\b",
    ),
    reason=_any(r"\b(?:потому что|так как|поскольку|чтобы|из-за|ведь|иначе)\b"),
)  # fmt: skip

CHINESE = Cues(
    rule=_any(
        r"总是|始终|永远|务必|必须|一定要|千万|绝不|从不|从现在起|以后|今后", r"不要|别(?:再|用|改|动|忘|删|提交|加)|禁止|不得|不能|不应该?|避免|请勿",
        r"(?:用|使用|改用)[^，。]{1,30}(?:而不是|而非|代替|不要用)", r"确保|记得|注意|只(?:用|能|允许|改)", r"应该|应当|优先",
    ),
    request=_any(
        r"请|麻烦|帮我|帮忙", r"^(?:好的?[，,。 ]*|那么?[，,]?|然后[，,]?|现在[，,]?|再|先|接着|另外[，,]?|也|行[，,]|对[，,]|是的[，,]|不[，,])*(?:添加|加上|加|删除|删掉|移除|修改|修复|改成|改为|改|"
        r"写|重写|检查|运行|跑|使用|用|创建|新建|更新|替换|重命名|移动|保留|解释|告诉|查找|看看|看一下|阅读|提交|推送|回滚|撤销|继续|停止|等|试试|实现|"
        r"重构|测试|清理|保存|打开|关闭|生成|列出|显示|合并|安装|配置|优化|确认|确保|把|将|让|给)",
        r"(?:能|可以|能不能|可不可以|能否|可否)\S*(?:吗|\?|？)", r"我(?:想|要|希望|需要|们要|们需要|们应该)", r"咱们|我们来|[，,。](?:然后|并|再|就)?(?:第\S{1,3}[个张条]叫|把|叫|改|加|删)",
    ),
    correction=_any(
        r"[^，。]{0,10}错了[，,。]?|^你又|(?:改|换|放|移|退)回去|^不是这|^(?:不[，,。！! ]|不对|不是|错了?|不行|等等|等一下|停|其实)", r"这(?:是|个)?(?:不对|错的|错误的|不是我)|(?:搞|弄|写|理解|改)错了?", r"我(?:说的是|的意思是|是说|已经说过|要的是)|你(?:忘了|漏了|没有|理解错|搞错|弄错)",
        r"(?:撤销|回滚|恢复)(?:这|那|刚才|原来)|还是(?:不行|失败|报错|没有)|没有用|不起作用", r"^(?!.*[请用]).*而不是|不是\S{1,20}[，,]?(?:而是|是)",
    ),
    decision=_any(
        r"决定|选择了?|我们?选|(?:这里|就|先)(?:选|用|走|按)|采用|改用|就用|确定用|方案是|最终", r"而不是|而非|代替", r"(?:最好|更好|最简单|正确|合适|更合适|更简单)的?(?:方案|做法|方法|办法|选择|方式)", r"因为.*所以.*(?:用|改|选|保留|放|去掉|删)|由于.*(?:用|改|选|保留|采用)",
        r"(?:我们?|我)(?:将|会|就)(?:使用|保留|采用|去掉|避免|放弃|用)", r"(?:保留|采用|使用).*(?:因为|以便|这样)",
    ),
    reason=_any(r"因为|由于|以便|这样|否则|为了|免得"),
)  # fmt: skip

JAPANESE = Cues(
    rule=_any(
        r"常に|必ず|絶対に?|決して|今後は?|これからは|毎回", r"しないで|使わないで|変えないで|消さないで|触らないで|やめて|してはいけ|禁止|しないこと|避けて|ないように", r"の?(?:代わり|かわり)に|ではなく|じゃなくて",
        r"(?:して|にして|であること|すること|なければならない|べき)(?:ください|です|だ|。|$)", r"だけ(?:を|に|で)?(?:使|変更|編集)",
    ),
    request=_any(
        r"ください|下さい|お願い|頼む|ちょうだい", r"(?:して|しといて|てくれ|てほしい|て欲しい|てもらえ|ていただけ|てくれる|てくれない)\S*$", r"(?:追加|削除|修正|変更|作成|実行|確認|更新|実装|テスト|コミット|プッシュ|リファクタ\S*|説明|調査)(?:して|を|しよう|しましょう|お願い)",
        r"(?:できますか|もらえますか|くれますか|できる？|しましょう|しよう)", r"(?:したい|ほしい|欲しい|必要があ)",
    ),
    correction=_any(
        r"^また.*(?:てる|ている|ました|って)|(?:が|は)違(?:う|います|って)[、。]|^(?:いや|いいえ|違う|違います|ちがう|待って|ちょっと待|そうじゃな|そうではな|実は)", r"(?:それ|これ|そこ)は?(?:違|間違|おかしい)|間違(?:って|い)|誤り", r"と言った|と言いました|という意味|つもり(?:は|では)|忘れて(?:い|る|ま)|抜けて",
        r"(?:元に|もとに)戻して|取り消して|まだ(?:失敗|動かな|エラー|直って)|動きません|動かない", r"(?:ではなく|じゃなくて)(?!.*(?:使|ください|下さい))",
    ),
    decision=_any(
        r"(?:こと)?に(?:決め|決定|しました|します|する(?:ことに)?)|採用|選び|選択し|選んだ|方針", r"(?:の?代わりに|ではなく|よりも?).*(?:使|採|選|する|ます)", r"(?:最善|最も|一番|より)?(?:簡単|良い|よい|正しい|適切)な(?:方法|解決策|選択|アプローチ|やり方)",
        r"(?:ので|ため|から)[、,].*(?:使い?ます|使う|採用|します|残し|削除し|避け)", r"(?:残します|残す|使います|使うことに|避けます)",
    ),
    reason=_any(r"ので|ため|から|なぜなら|理由は"),
)  # fmt: skip

_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")


def cues(sentence: str) -> Cues:
    """The cues of a sentence's script."""
    if sentence.isascii():
        return LATIN
    if _KANA.search(sentence):
        return JAPANESE
    if _HAN.search(sentence):
        return CHINESE
    if _CYRILLIC.search(sentence):
        return RUSSIAN
    return LATIN

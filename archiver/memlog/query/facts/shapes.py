"""Requests told by their shape, in whatever verb: a bare verb at the front, an object behind it.

Of a word no table knows, what stands behind it tells: no noun has an article after it. Patterns are of a
whole sentence in lower case, some with words one of which it has.
"""

from memlog.query.facts.english_verbs import VERBS

_LINKS = (
    r"(?:(?:ok(?:ay)?|yes|yeah|great|good|so|and|then|now|also|but|next|first|finally|please|just|instead|maybe|again|"
    r"lastly|additionally|second|afterwards?|in addition|for now|after that)[,.:;!\-–— ]+)*"
)
# Words that begin no request: what is no verb, and what people say of themselves without `I`.
_NO_VERB = (
    r"(?:the|an?|this|that|these|those|it|its|he|she|they|we|you|i|who|what|when|where|why|how|which|whose|whether|if|"
    r"unless|until|till|while|because|cause|since|although|though|as|than|and|or|but|nor|so|yet|for|of|in|on|at|by|to|from|"
    r"with|without|within|into|onto|over|under|above|below|between|among|through|throughout|during|before|after|against|"
    r"about|around|across|along|behind|beyond|beside|besides|near|per|via|like|unlike|despite|except|inside|outside|off|out|up|down|"
    r"upon|toward|amid|am|be|been|do|can|could|will|would|shall|should|may|might|must|not|no|nope|all|both|half|some|many|much|"
    r"most|such|quite|rather|only|just|even|also|still|again|now|then|here|there|maybe|perhaps|once|twice|often|never|"
    r"always|almost|oh|ah|hey|hi|hmm|uh|wow|got|found|made|saw|took|gave|wrote|told|thought|felt|knew|went|came|left|"
    r"lost|kept|built|ran|sent|meant|became|began|broke|chose|understood|had|did|put|read|hit|cut|set|tried|his|her|our|your|"
    r"my|their|plus|minus|versus|vs|same|other|another|one|two|three|part|type|kind|guess|think|hope|wish|wonder|bet|"
    r"feel|know|love|hate|notice|mind|thank|and/or|ie|eg|etc|imho|imo|afaik|apparently|whatever|whoever|instead|given|"
    r"curious|unclear|unsure|wait|matter|see|remember|say|idea|exactly|file|page|class|function|method|module|folder|script|path|branch|error|line|question|reason|pretty|very|too|ever|good|great|nice|glad|bad|fine|sad|due|true|sure|that'?ll|already|soon|later|usually|actually|whenever|wherever|isn|aren|don|doesn|didn|won)"
)
_BARE = rf"^{_LINKS}(?!{_NO_VERB}\b)(?![a-z-]*(?:ing|ed|ly|[^s]s|n't)\b)[a-z]{{3,}}(?:-[a-z]+)?(?: (?:up|out|off|down|back|in|on|over|through|away))? "
# As words stand in English alone, and those that do in other languages, too.
_OWN = "the this that these those it them my our your its their each every any both everything"
_SHARED = "a an me us all"
_THE, _ALL = ("|".join(words.split()) for words in (_OWN, _OWN + " " + _SHARED))

ENGLISH_OR_NOT = (
    # after a clause that says when or where
    rf"^(?:if|when|once|after|before|for|in|on|at|to|with|since|as|given|until|while|during|upon|instead of|where) [^?]{{2,120}}?(?:,|→|->|=>|:) "
    rf"(?:then |please |also |just |always |never )*(?:{VERBS})\b(?!['’]s\b|:| (?:is|was|are|were|passed|failed|fails|failing|works|worked|has|does|looks)\b)(?!.*\?$)",
    rf"^{_LINKS}(?:we|you)(?: can| will|['’]ll) (?:also |then |just |now |always |only )*(?!see\b)(?:{VERBS})\b(?!.*\?$)",
    (
        "want need wanna",
        r"(?<!if )(?<!when )(?<!what )(?<!did )(?<!do )(?<!that )\bi (?:also |really |just |only |do |still )*(?:want|need|wanna)\b(?!.*\?$)",
    ),
    (
        "goal idea job task aim purpose",
        r"\b(?:goal|idea|job|task|aim|purpose) (?:here |now )?is to\b(?!.*\?$)",
    ),
    (
        "",
        rf"^{_LINKS}(?!(?:otherwise|likewise|exercise|enterprise|precise|promise|noise|private|template|immediate|"
        rf"climate|candidate|certificate|appropriate|accurate|adequate|ultimate|corporate|estate|specific|intermediate|legitimate|moderate|delicate|chocolate)\b)"
        r"[a-z]{3,}(?:ize|ise|ify|[^st]ate)(?: (?:for|to|on|with|by|from|into|as|at|when|if|so|again|only|more|where|how|why|what|whether|between|[a-z]+ing)\b|[.,!]|$)(?!.*\?$)",
    ),
    (
        "should must",
        r"\b(?!(?:i|who|what|where|which|how|why|when|that|whether) )\w+ (?:should|must) (?!have\b|work\b|pass\b|know\b|see\b|probably\b|i\b|we\b|you\b|it\b|be (?:fine|ok|okay|good|enough|able|safe|possible|easy|there)\b)[a-z]+\b(?!.*\?$)",
    ),
    (
        "need needs",
        r"^(?:and |also |but |so )*(?:the|this|that|it|each|every|all|these|those|there)\b(?: \S+){0,5}? needs? (?:to |an? |the |more |some |another |its |less )(?!.*\?$)",
    ),
    # a question within, or a piece of code
    (
        "what why how where whether which",
        rf"{_BARE}(?:what|why|how|where|whether|which)\b(?!.*\?$)",
    ),
    rf"{_BARE}(?!(?:and|or)/)(?:`|\S+\.(?:py|js|ts|tsx|jsx|md|go|rs|c|h|cpp|java|rb|sh|json|ya?ml|toml|html|css|sql|txt|vue|kt|dart|swift)\b|[\w.-]+/[\w./-]+|\w+\(\))(?!.*\b(?:is|are|was|were|has|have|does|fails?|failed)\b)(?!.*\?$)",
    (_OWN, rf"{_BARE}(?:{_THE})\b(?!.*\?$)"),
)
ENGLISH = (*ENGLISH_OR_NOT, (_SHARED, rf"{_BARE}(?:{_ALL})\b(?!.*\?$)"))

GERMAN = (
    # `sortiere mir die ...`, `ändere jetzt ...`, also behind `bevor ich ..., `
    (
        "mir uns mich jetzt nun bitte doch mal die das den dem der alle alles ein eine einen nochmal noch auch im in auf für es sie ihn diese diesen dieses unsere meine nur sicher dir dich",
        r"^(?:und |dann |jetzt |nun |also |ok,? |ja,? |nein,? |gut,? |zuerst |danach |anschließend )*(?:[^?,]{3,80}, )?"
        r"(?!(?:ich|die|eine|keine|meine|deine|seine|unsere|diese|jede|alle|beide|viele|welche|solche|andere|habe|hätte|wäre|könnte|sollte|würde|müsste|"
        r"möchte|dürfte|heute|gerne|danke|ohne|bisherige|aktuelle|neue|erste|zweite|letzte|gute|große|kleine|wurde|hatte|wollte|konnte|"
        r"musste|denke|glaube|finde|sehe|verstehe|weiß|bekomme|hoffe|meinte|dachte|wenige|manche|einige|mehrere|leute|sache|frage|seite|datei|klasse|code|frühe|werde|worte|sie|wie|nie|hier|there|the|we|are|were|have|make|use|these|those|one|some|done|where|there|fine|sure|same|maybe|before|because|like|page|file|name|type|none|once|while)\b)"
        r"[a-zäöüß]{3,}e (?:mir|uns|mich|jetzt|nun|bitte|doch|mal|die|das|den|dem|der|alle|alles|ein|eine|einen|nochmal|noch|auch|im|in|auf|für|es|sie|ihn|diese[nsr]?|unsere[nr]?|meine[nr]?|nur|sicher|dir|dich)\b(?!.*\?$)",
    ),
    (
        "",
        r"^(?:und |dann |jetzt |nun |also |ok,? |ja,? |nein,? |gut,? |zuerst |danach |bitte )*(?:[^?,]{3,80}, )?(?:mach|füg|lösch|schreib|nimm|gib|lies|zeig|sag|schau|guck|stell|setz|leg|bau|änder|prüf|fix|lass|hol|bring|führ|stopp|geh|sieh|such|pack|"
        r"schieb|räum|denk|bleib|wechsel|hilf|trag|merk|nutz|ruf|erstell|entfern|sorg|verwend|benutz|erklär|analysier|vergleich|generier|implementier|korrigier)\b(?!.*\?$)",
    ),
    (
        "soll sollen sollte sollten muss müssen müsste müssten",
        r"^(?!.*\b(?:ich (?:muss|soll)|(?:muss|soll) ich|was|wie|wo|warum)\b).*\b(?:soll|sollen|sollten?|muss|müssen|müssten?)\b(?!.*\?$)",
    ),
    (
        "",
        r"^(?!.*\b(?:kann|kannst|können|will|wollen|wird|werden|würden?|haben|hat|habe|um|zu|ich|sie|wir|mag|konnte|wollte)\b)[^,?]{3,80} (?:\w+ieren|\w*(?:schreiben|machen|lassen|ändern|löschen|entfernen|fügen|bauen|testen|prüfen|"
        r"fixen|stellen|passen|benennen|schieben|committen|pushen|starten|zeigen|setzen|nehmen|legen|ziehen|räumen|trennen|beheben|verwenden|nutzen|behalten|halten|warten))[.!]*$",
    ),
    (
        "könnte könnten sollte sollten",
        r"\b(?:könnte|könnten|sollte|sollten)\b.*\b\w+(?:t|en) werden\b(?!.*\?$)",
    ),
    (
        "ich",
        r"^(?!.*\b(?:wenn|falls) ich (?:will|möchte)).*\bich (?:möchte|will|brauche|hätte gerne?|würde gerne?)\b(?!.*\?$)",
    ),
)

FRENCH = (
    (
        "le la les un une des du au aux ce cette ces mon ma mes nos notre l d moi tout tous toutes",
        r"^(?:et |puis |ensuite |maintenant |ok,? |oui,? |non,? |aussi |d'abord |alors |enfin |après |(?:dans|pour|sur|avec) [^,]{2,60}, )*"
        r"(?!(?:le|les|comme|entre|contre|toute|toutes|mais|dans|sans|vers|puisque|lorsque|quelle|quelles|même|presque|outre|elle|elles|cette|"
        r"autre|chaque|une|parce|je|que|de|ce|se|ne|après|très|dès|vous|nous|tous|des|ces|mes|tes|ses|est|es|reste|existe|manque|quoique|"
        r"jusque|malgré|hors|plus|pas|alors|the|there|these|those|use|make|site|page|pourquoi|sous|chez)\b)"
        r"[a-zàâçéèêëîïôûù]{2,}(?:e|is|ds|ts|ez|ens|ces)(?:-(?:moi|nous|le|la|les))? (?:le|la|les|un|une|des|du|au|aux|ce|cette|ces|mon|ma|mes|nos|notre|tout|tous|toutes|[ld]['’]\w+)\b(?!.*\?$)",
    ),
)

PORTUGUESE = (
    # An infinitive asks as well as an imperative does.
    (
        "o a os as um uma isso isto este esta esse essa meu minha nosso nossa todos todas tudo no na nos nas apenas só mais",
        r"^(?:e |ent[ãa]o |agora |ok,? |sim,? |certo,? |primeiro |depois |tamb[ée]m |por fim,? )*"
        r"(?!(?:qualquer|lugar|mulher|quer|quer|valor|sequer|quando|celular|familiar|similar|error|server|after|over|under|her|per|ever|never|whether|other|either|for|or|your|our|dar|color|user|number)\b)"
        r"[a-zçãõáéíóúâêô]{2,}(?:ar|er|ir|or) (?:o|a|os|as|um|uma|isso|isto|este|esta|esse|essa|meu|minha|nosso|nossa|todos|todas|tudo|no|na|nos|nas|apenas|s[óo]|mais)\b(?!.*\?$)",
    ),
    (
        "",
        r"^(?:e |ent[ãa]o |agora |ok,? |sim,? |certo,? |primeiro |depois |tamb[ée]m |por fim,? )*(?:me (?:mostra|d[áa]|diz|explica|ajuda|manda|passa|envia|faz|fala)|(?:cria|faz|p[õo]e|coloca|adiciona|remove|muda|troca|testa|"
        r"verifica|arruma|ajeita|tira|deixa|usa|volta|manda|olha|corrige|atualiza|implementa|gera|explica|analisa|tenta|apaga|salva|copia|instala|configura|sobe|puxa|separa|organiza|traduz|resume|escreve|l[êe]|busca|procura|aplica|ajusta|melhora|refaz)"
        r" (?:o|a|os|as|um|uma|isso|isto|ess[ae]s?|est[ae]s?|tudo|todos|todas|mais|pra|para|com|no|na|de novo|meu|minha|tamb[ée]m|s[óo]|apenas|\S+\.\w+))\b(?!.*\b(?:erro|mas)\b)(?!.*\?$)",
    ),
    (
        "pra para como deve devem deveria deveriam precisa precisam tem têm que é preciso consegue",
        r"\b(?:d[áa] (?:pra|para)|tem como|consegue) \w+r\b|\b(?:deve|devem|deveria|deveriam|precisa|precisam|tem que|t[êe]m que|[ée] (?:pra|para|preciso|necess[áa]rio)) (?:\w+ )?\w+[aeio]r\b(?!.*\?$)",
    ),
    (
        "preciso precisamos quero queremos gostaria",
        r"\b(?:preciso|precisamos|quero|queremos|gostaria)\b(?!.*\?$)",
    ),
)

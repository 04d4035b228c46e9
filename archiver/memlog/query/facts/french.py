"""French of a chat with an agent, by kind of sentence; in lower case."""

_VERBS = (
    r"(?:ajoute|affiche|analyse|applique|arr[êe]te|change|cherche|commence|commite|configure|continue|corrige|cr[ée]e|d[ée]place|documente|donne|enl[èe]ve|"
    r"essaie|explique|fais|ferme|g[ée]n[èe]re|garde|impl[ée]mente|installe|int[èe]gre|laisse|lance|lis|liste|mets|modifie|montre|nettoie|ouvre|optimise|passe|"
    r"pousse|prends|r[ée]cup[èe]re|refactorise|regarde|remplace|renomme|rends|r[ée]sume|retire|reviens|s[ée]pare|supprime|teste|traduis|utilise|v[ée]rifie)(?:s|z|r)?"
)

RULE = (
    r"\b(?:toujours|jamais|d[ée]sormais|[àa] partir de maintenant|dor[ée]navant)\b",
    r"\bne (?:\w+ )?(?:modifie|touche|supprime|change|utilise|fais|commite|cr[ée]e|ajoute|pousse|mets)\w* (?:pas|plus|jamais|rien)\b",
    r"\b(?:assure-toi|assurez-vous|veille [àa]|n'oublie pas|n'oubliez pas)\b|\bau lieu d[eu']|\bplut[ôo]t que\b",
    r"\b(?:doit|doivent|devra|faut)\b",
)

REQUEST = (
    r"\b(?:s'il te pla[îi]t|s'il vous pla[îi]t|stp|svp)\b|\b(?:peux-tu|pouvez-vous|pourrais-tu|tu peux|vous pouvez)\b",
    rf"^(?:et |puis |ensuite |maintenant |ok,? |oui,? |non,? |aussi |d'abord |alors |dans [^,]+, |pour [^,]+, )*{_VERBS}\b(?!.*\?$)",
    r"\b(?:je veux|je voudrais|j'aimerais|il faut|on doit|il faudrait)\b",
)

CORRECTION = (
    r"^(?:non\b|faux|pas (?:ça|cela|comme ça)|attends|stop|en fait)|\bc'est (?:faux|pas (?:ça|bon|correct))\b|\btu as (?:oubli[ée]|cass[ée]|supprim[ée]|mal)\b",
    r"\b(?:j'ai (?:dit|demand[ée])|je voulais dire|je n'ai pas demand[ée])\b|\b(?:annule|remets) (?:ça|cela|comme avant)\b",
)

FAULT = (
    r"\bne (?:marche|fonctionne|s'affiche|compile|passe|charge|r[ée]pond)\w*(?: toujours)? (?:pas|plus)\b|\b(?:marche|fonctionne|s'affiche) (?:toujours )?pas\b",
    r"(?!(?:et|puis|mais|donc|alors|ok|svp|stp)\b)\b\w+,? ne \w+(?:e|t|ent)(?: toujours)? (?:pas|plus)\b(?!.*\?$)|\btoujours (?:la m[êe]me|le m[êe]me|pareil|pas)\b|\b(?:il manque|a disparu|ont disparu|ça ne va pas)\b",
    r"\b(?:cass[ée]|inutile|redondant|incorrecte?|trop (?:long|compliqu[ée]|lent|grand))\b|^mais (?!d'abord|aussi)|\bencore (?:la m[êe]me )?(?:une )?erreur\b",
)

COMPLAINT = (
    r"\bpourquoi\b.*\b(?:tu|encore|toujours|ne|n'|pas|deux)\b|\b(?:tu es|es-tu) s[ûu]r\b|\bne (?:devrait|devraient)\b.*\bpas\b.*\?$",
)

DECISION = (
    r"\b(?:j'ai d[ée]cid[ée]|j'ai choisi|on garde|je garde|je pr[ée]f[èe]re)\b|\bau lieu d[eu'](?!.*\?$)|\b(?:meilleure|plus simple|bonne) (?:solution|approche|option|façon)\b",
    r"\bje vais (?:utiliser|garder|laisser|[ée]viter|remplacer|ajouter|cr[ée]er|supprimer|d[ée]placer|s[ée]parer|modifier|corriger)\b.*\b(?:car|parce que?|pour|puisque|afin|plut[ôo]t|seulement|uniquement|avec|sans|en)\b",
    r"^\W*(?:solution|approche|d[ée]cision|correction|ma recommandation)\W*:|\b(?:est|serait) (?:plus (?:simple|propre|s[ûu]r)|mieux|pr[ée]f[ée]rable)\b|\b(?:hors p[ée]rim[èe]tre|pas la peine|laisse tel quel)\b",
)

REASON = (r"\b(?:parce que|car|puisque|afin de|pour [ée]viter|sinon)\b",)

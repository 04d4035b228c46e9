"""German of a chat with an agent, by kind of sentence; in lower case."""

RULE = (
    r"\b(?:immer|niemals|nie|stets|künftig|ab jetzt|ab hier|ab sofort|von nun an|in zukunft)\b",
    r"\b(?:bitte )?(?:nicht|kein\w*) (?:verwenden|benutzen|nutzen|ändern|löschen|anfassen|committen|pushen)\b",
    r"^(?:bitte )?\w+e? (?:\w+ ){0,4}(?:nicht|kein\w*)\b.*(?:!|\.|$)(?<!\?)",
    r"\b(?:achte|stelle? sicher|denk(?:e)? daran|vergiss nicht)\b", r"\bstatt(?:dessen)?\b",
    r"\b(?:darf|dürfen|muss|müssen|soll(?:te|ten|en)?)\b.*\b(?:nicht|kein\w*|immer|nur|sein|werden|bleiben)\b",
)  # fmt: skip

REQUEST = (
    r"\bbitte\b", r"^(?:und |dann |jetzt |nun |also |ok,? |ja,? |nein,? |gut,? |zuerst |danach )*(?:mach|füge|lösche|"
    r"entferne|ändere|schreib|teste|prüfe|überprüfe|nutze|sortiere|vergleiche|analysiere|beschreibe|trage|nenne|fasse|benutze|verwende|nimm|lass|zeig|erstelle|baue|behebe|"
    r"korrigiere|führe|starte|stoppe|committe|pushe|merge|rebase|aktualisiere|ersetze|benenne|verschiebe|halte|"
    r"behalte|lies|suche|finde|erkläre|sag|gib|sorge|achte|stelle?|vergiss|denk|dokumentiere|ergänze|"
    r"implementiere|refaktoriere|räume?|setze?|warte|versuche?|öffne|schließe?|speichere?)e?n?\b",
    r"\b(?:kannst|könntest|würdest) du\b", r"\b(?:ich|wir) (?:möchte|will|hätte|brauche|wollen|möchten|sollten|müssen)\b",
    r"\blass(?:t)? uns\b|\b(?:kannst|könntest|würdest) du\b|^(?:zwei|drei|eine?|beide|nur|die (?:erste|zweite|letzte)|option) \w+, ",
)  # fmt: skip

CORRECTION = (
    r"^(?:nein|ne(?=[,.])|nee|falsch\w*|nicht so|moment|halt|stopp|doch)\b|\bdu hast\b.*\b(?:wieder|schon wieder|erneut)\b|\bnicht d(?:ie|er|as|en|em)\b.*, ?sondern\b|\bmach das zurück\b|\bgehört (?:auf|in|nach|zu)\b", r"\b(?:das|es) (?:ist|war|stimmt) (?:falsch|nicht)\b|\bdas stimmt (?:so )?nicht\b",
    r"\b(?:ich (?:habe|hatte) (?:doch )?gesagt|ich meinte|du hast (?:\w+ ){0,4}(?:vergessen|übersehen|falsch)|eigentlich)\b",
    r"\bmach das (?:wieder )?rückgängig\b|\bfunktioniert (?:immer noch )?nicht\b|\bgeht (?:immer noch )?nicht\b",
)  # fmt: skip

FAULT = (
    r"\b(?:geht|klappt|funktioniert|stimmt|passt|läuft|lädt|reagiert|erscheint|hilft)\b(?: \w+){0,3} nicht\b|\b(?:kaputt|fehlerhaft|umständlich|überflüssig|unnötig|doppelt)\b",
    r"\bzu (?:viel|viele|lang|kompliziert|groß|langsam|breit|streng|laut|ausführlich)\b|\b(?:schlägt|bricht) (?:immer )?noch\b|\bimmer noch (?:nicht|kaputt|falsch|rot|der|die|das)\b",
    r"\bnicht (?:behoben|gelöst|korrekt|richtig|sichtbar|gefunden|angezeigt|geladen|gespeichert|übernommen|angekommen|gefixt)\b|\b(?:fehlt|fehlen|verschwunden|verschwindet|abgeschnitten|noch immer|immer noch)\b(?!.*\?$)|\b(?:den|der|das|ein) (?:fehler|problem|bug) (?:liegt|ist (?:noch|wieder)|tritt|kommt|bleibt|besteht)\b",
    r"^aber (?!bitte|erst|zuerst|nur|mach)\b|\bich (?:sehe|finde|bekomme) (?:\w+ ){0,3}(?:nicht|kein\w*)\b|\bes passiert nichts\b|\b(?:sollte|soll) (?:eigentlich|doch|nicht)\b",
)

COMPLAINT = (
    r"\b(?:warum|wieso|weshalb|wozu)\b.*\b(?:du|wir|ich|noch|schon wieder|wieder|immer|nicht|kein\w*|jetzt|zwei|doppelt|überhaupt)\b",
    r"\b(?:sollte|müsste|sollten|müssten)\b.*\bnicht\b.*\?$|\bbist du (?:dir )?sicher\b|\bwie konnte\b|\bkönn(?:en|ten) wir nicht\b",
)

_SETTLES = (
    r"\b(?:ich|wir) (?:habe|haben|hatte)? ?(?:\w+ ){0,3}(?:entschieden|beschlossen|gewählt)\b|\bentscheid\w*:|\bwir (?:bleiben|nehmen|gehen|verwenden|nutzen) \b",
    r"\bich (?:nehme|verwende|nutze|behalte|lasse|verzichte|bleibe|wähle)\b", r"\b(?:anstatt|anstelle|statt)\b(?!.*\?$)", r"\b(?:beste|einfachste|sauberste|richtige|bessere) (?:lösung|ansatz|weg)\b",
    r"\b(?:weil|da|deshalb|daher|denn)\b.*\b(?:ich|wir)\b.*\b(?:verwende|nehme|nutze|lasse|behalte|mache|werde|werden)\b",
)  # fmt: skip

_DOING = r"(?:füge|ändere|entferne|verschiebe|teile|ziehe|lege|baue|setze|ersetze|erweitere|kapsle|übernehme|streiche|belasse|trenne|fasse|implementiere|erstelle|passe|schreibe|behebe|nutze|packe|speichere|starte|mache|werde)"
_PROMISES = (
    rf"\bich {_DOING}\b.*\b(?:damit|weil|da|denn|indem|statt|nur|als|sodass|um|zuerst|direkt|mittels|über|ohne)\b|\b(?:deshalb|daher|also|darum) {_DOING} ich\b",
    r"^\W*(?:mein vorschlag|meine empfehlung|lösung|ansatz|entscheidung|fix)\W*:|\b(?:ist|wäre|erscheint) (?:\w+ )?(?:einfacher|sauberer|besser|sicherer|am einfachsten|am besten|am saubersten)\b",
    r"\b(?:lohnt (?:sich )?nicht|bleibt (?:so|wie es ist|unverändert)|außerhalb des umfangs|lasse ich so)\b|\b(?:es|das|der \w+|die \w+) sollte(?:n)? .*\b(?:werden|sein|bleiben)\b.*\b(?:statt|weil|da|damit|nur)\b",
)

_JUDGES = (
    r"\bich (?:schlage vor|empfehle|würde)\b(?!.*\?$)|\b(?:am besten|am einfachsten|am saubersten|besser|richtig|sinnvoll|einfacher) (?:\w+ )?(?:ist|wäre|wir|ich|es|lager\w*|\w+en wir)\b|\b(?:genügt|reicht (?:hier |dafür |völlig )?(?:aus)?)\b",
    r"\b(?:bleib(?:t|en))\b.*\b(?:wegen|erhalten|bestehen|unverändert|vorerst|so)\b|\b(?:deshalb|daher|also|darum)\b.*\b(?:kein\w*|nicht|nur)\b|\b(?:ich|wir)\b.*\bfür .* entschieden\b|\b(?:fasse|rühre|ändere) ich nicht\b",
    r"\b(?:ich|wir) werden? .*\b(?:auslagern|verwenden|einführen|ersetzen|entfernen|verschieben|umstellen|aufteilen|zusammenfassen|weglassen|ergänzen|kapseln)\b",
)

DECISION = _SETTLES + _PROMISES + _JUDGES

REASON = (r"\b(?:weil|da|damit|denn|sonst|um zu|wegen)\b",)
